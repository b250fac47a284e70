#!/usr/bin/env bash
# Makes or updates .venv: exactly what requirements.lock says, and this project in editable form.
# PYTHON: the interpreter (python3); UV: uv, or empty to do it with pip alone.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
recent='import sys; sys.exit(sys.version_info < (3, 11))'

fail() {
    echo "$*" >&2
    exit 1
}

command -v "$python" >/dev/null ||
    fail "There is no $python here. Install Python 3.11 or newer, or name one: make PYTHON=..."
"$python" -c "$recent" ||
    fail "Python 3.11 or newer is needed; $python is $("$python" --version). Name one: make PYTHON=python3.12"
.venv/bin/python -c "$recent" 2>/dev/null || rm -rf .venv

# uv of its own, in .venv, where there is none: it installs in seconds what takes pip minutes.
fetched_uv() {
    .venv/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes \
        --target .venv/uv --upgrade --requirement scripts/uv-requirements.lock && echo .venv/uv/bin/uv
}

by_uv() {
    "$1" pip sync --quiet --python .venv/bin/python --require-hashes requirements.lock &&
        "$1" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
}

by_pip() {
    pip=".venv/bin/python -m pip --quiet --disable-pip-version-check"
    .venv/bin/python -m pip --version >/dev/null 2>&1 || "$python" -m venv .venv
    $pip install --require-hashes --requirement requirements.lock &&
        $pip install --no-deps --no-build-isolation --editable .
}

echo "Installing into .venv what requirements.lock says: half a minute or more, the first time."
uv=${UV-uv}
if [ -n "$uv" ] && command -v "$uv" >/dev/null; then
    [ -d .venv ] || "$uv" venv --quiet --python "$python" .venv
else
    .venv/bin/python -m pip --version >/dev/null 2>&1 || "$python" -m venv .venv ||
        fail "$python cannot make a virtual environment. On Debian: apt-get install python3-venv"
    [ -z "$uv" ] || uv=$(fetched_uv) || uv=
fi
if [ -n "$uv" ]; then
    by_uv "$uv" && exit
    echo "uv could not; pip tries, which takes longer." >&2
fi
by_pip
