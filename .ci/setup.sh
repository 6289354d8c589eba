#!/bin/sh
# Makes .venv from uv.lock. Does nothing when it is already as the lock says.
#   .ci/setup.sh [--dev]     --dev adds what the tests and linters need
set -eu
cd "$(dirname "$0")/.."

fail() { printf 'wellchat: %s\n' "$*" >&2; exit 1; }

# A virtual environment knows its own address: one that was moved, or whose Python is gone, is made again.
stamp=.venv/.ready
wanted="$(pwd) $(cat pyproject.toml uv.lock | cksum)"
if [ "$(sed -n 1p "$stamp" 2>/dev/null)" = "$wanted" ] && .venv/bin/python -c '' 2>/dev/null; then
    [ "${1:-}" = --dev ] || exit 0
    [ "$(sed -n 2p "$stamp")" != dev ] || exit 0
fi

recent='import sys; sys.exit(sys.version_info < (3, 11))'
for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if "$name" -c "$recent" 2>/dev/null; then python=$name; break; fi
done
[ -n "${python:-}" ] || fail "needs Python 3.11 or newer as python3 (or PYTHON=/path/to/python3). Found: $(python3 --version 2>&1)"

printf 'Setting up (once, about a minute) ...\n'
# uv lives beside .venv, not in it: a sync removes from .venv whatever the lock does not name.
if ! .tools/bin/uv --version >/dev/null 2>&1; then
    "$python" -c 'import ensurepip' 2>/dev/null ||
        fail "this Python cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv"
    rm -rf .tools
    "$python" -m venv .tools || fail "could not make a virtual environment in $(pwd)/.tools"
    .tools/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.13,<0.14' ||
        fail "could not install uv with pip; is the network there?"
fi

group=--no-dev
[ "${1:-}" != --dev ] || group=--dev
[ -w "${HOME:-/nonexistent}" ] || export UV_NO_CACHE=1
unset VIRTUAL_ENV
rm -f "$stamp"
UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv \
    .tools/bin/uv sync --quiet --frozen --compile-bytecode "$group" --python "$python" ||
    fail "could not install the dependencies named in uv.lock"
printf '%s\n%s\n' "$wanted" "$([ "$group" = --no-dev ] || echo dev)" > "$stamp"
