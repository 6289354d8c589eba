#!/bin/sh
# The one thing the tests need that no Python package brings: a Chromium. Installed with apt where that is allowed.
# Where it is not, the tests that drive a browser are left out, and pytest's last lines count them.
set -u

for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done

note() { printf 'No Chromium here and %s: the browser tests will be left out.\n' "$*" >&2; exit 0; }

command -v apt-get >/dev/null 2>&1 || note "no apt-get to install it"
as_root=
if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || note "no right to install it (apt-get install chromium)"
    as_root="sudo -n"
fi
printf 'Installing Chromium with apt (once) ...\n'
$as_root apt-get update -qq >/dev/null &&
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends chromium >/dev/null ||
    note "apt-get could not install it"
