#!/usr/bin/env bash
# Looks up known holes in what requirements.lock says, at PyPI's advisory service. Not part of
# `make test`: it needs that service, and a hole that becomes known must not break yesterday's code.
set -u
cd "$(dirname "$0")/.."

said=$(.venv/bin/pip-audit --requirement requirements.lock --disable-pip --progress-spinner off 2>&1)
status=$?
echo "$said"
if [ $status -ne 0 ] && ! grep -q "known vulnerabilit" <<<"$said"; then
    echo "Nothing was looked up: the service did not answer (see above). Try again with network." >&2
    exit 2
fi
exit $status
