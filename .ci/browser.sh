#!/bin/sh
# What the browser tests need and no Python package brings: a Chromium, a Firefox, and a library of Playwright's driver.
# Installed with apt where that is allowed. Where it is not, those tests are left out, and pytest's last lines count them.
set -u
cd "$(dirname "$0")/.."

ready() {
    .venv/bin/python -m playwright --version >/dev/null 2>&1 &&
        { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null 2>&1 &&
        { command -v chromium-headless-shell || ! offered chromium-headless-shell; } >/dev/null 2>&1
}
has_firefox() { { command -v firefox-esr || command -v firefox || ! offered firefox-esr; } >/dev/null 2>&1; }

offered() { apt-cache show "$1" >/dev/null 2>&1; }
install() { DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }
note() {
    ready && left="No Firefox here" those="its test" || left="No Chromium here" those="the browser tests"
    printf '%s and %s: %s will be left out.\n' "$left" "$*" "$those" >&2
    exit 0
}

ready && has_firefox && exit 0
command -v apt-get >/dev/null 2>&1 || note "no apt-get to install it"
as_root=
if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || note "no right to install it (apt-get install chromium libatomic1)"
    as_root="sudo -n"
fi
printf 'Installing browsers with apt (once) ...\n'
$as_root apt-get update -qq >/dev/null && install chromium libatomic1 || note "apt-get could not install it"
# The same engine without windows: most tests run in it where it is offered, in two thirds of the time.
offered chromium-headless-shell && install chromium-headless-shell
has_firefox || install firefox-esr || printf 'No Firefox here: its test will be left out.\n' >&2
ready || note "it does not run"
