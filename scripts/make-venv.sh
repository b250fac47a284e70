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

echo "Installing into .venv what requirements.lock says: a minute or two, the first time."
if [ -n "${UV-uv}" ] && command -v "${UV-uv}" >/dev/null; then
    uv=${UV-uv}
    [ -d .venv ] || "$uv" venv --quiet --python "$python" .venv
    "$uv" pip sync --quiet --python .venv/bin/python --require-hashes requirements.lock
    "$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
else
    .venv/bin/python -m pip --version >/dev/null 2>&1 || "$python" -m venv .venv ||
        fail "$python cannot make a virtual environment. On Debian: apt-get install python3-venv"
    pip=".venv/bin/python -m pip --quiet --disable-pip-version-check"
    $pip install --require-hashes --requirement requirements.lock
    $pip install --no-deps --no-build-isolation --editable .
fi
