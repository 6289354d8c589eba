#!/bin/sh
# Makes .venv from uv.lock. Does nothing when it is already as the lock says.
#   .ci/setup.sh [--dev]     --dev adds what the tests and linters need
set -eu
cd "$(dirname "$0")/.."

fail() { printf 'wellchat: %s\n' "$*" >&2; exit 1; }
# What was begun is begun again the next time: the stamp below is written last.
trap 'printf "\nwellchat: stopped; run it again to go on\n" >&2; exit 130' INT TERM
network="is the network there? Behind a proxy set HTTPS_PROXY, and SSL_CERT_FILE=FILE.pem if it replaces certificates"

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
found=$(command -v python3 >/dev/null && python3 --version 2>&1 || echo none)
[ -n "${python:-}" ] || fail "needs Python 3.11 or newer as python3 (or PYTHON=/path/to/python3); found: $found"

printf 'Setting up (once, about a minute) ...\n'
# uv lives beside .venv, not in it: a sync removes from .venv whatever the lock does not name.
if ! .tools/bin/uv --version >/dev/null 2>&1; then
    "$python" -c 'import ensurepip' 2>/dev/null ||
        fail "this Python cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv"
    rm -rf .tools
    "$python" -m venv .tools 2>/dev/null || fail "could not make a virtual environment in $(pwd)/.tools"
    .tools/bin/python -m pip install --quiet --disable-pip-version-check --retries 2 'uv>=0.13,<0.14' ||
        fail "could not install uv with pip; $network"
fi

group=--no-dev
[ "${1:-}" != --dev ] || group=--dev
[ -w "${HOME:-/nonexistent}" ] || export UV_NO_CACHE=1
unset VIRTUAL_ENV
rm -f "$stamp"
sync() {
    UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv \
        .tools/bin/uv sync --quiet --frozen --compile-bytecode "$group" --python "$python"
}
# uv brings certificates of its own; those of a company's proxy are only among the system's.
sync 2>/dev/null || UV_SYSTEM_CERTS=1 sync || fail "could not install the dependencies named in uv.lock; $network"
printf '%s\n%s\n' "$wanted" "$([ "$group" = --no-dev ] || echo dev)" > "$stamp"
