#!/usr/bin/env bash
# Playwright starts a Firefox ESR by its channel "moz-firefox", and then can make no context in it.
#
# Expected: Playwright drives a stock Firefox by WebDriver BiDi under `channel="moz-firefox"`. A browser that
# does not know a command answers "unknown command" (WebDriver BiDi, 3.4), so a client may pass it by.
# What happens: launch() succeeds. new_context() sends `emulation.setMediaFeaturesOverride`, which Firefox 153
# ESR does not know, and raises. Options that ask for no emulation ("null") do not keep it from being sent.
# Our test drives Firefox by a client of its own: tests/browser/firefox.py.
# Versions: playwright 1.65.0, Firefox 153 ESR of Debian (needs `apt-get install firefox-esr`).
# Output seen:
#> launch: fine
#> new_context, usual: unknown command emulation.setMediaFeaturesOverride
#> new_context, no emulation: unknown command emulation.setMediaFeaturesOverride
set -euo pipefail

want=$(sed -n 's/^#> //p' "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
firefox=$(command -v firefox-esr)
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check playwright==1.65.0

cat > open.py <<'PY'
import re
import sys

from playwright.sync_api import Error, sync_playwright

NONE = {name: "null" for name in ("color_scheme", "reduced_motion", "forced_colors", "contrast")}


def outcome(browser, options):
    try:
        browser.new_context(**options).new_page()
    except Error as error:
        found = re.search(r"emulation\.\w+", str(error))
        return f"{'unknown command' if 'unknown command' in str(error) else 'error'} {found and found[0]}"
    return "fine"


with sync_playwright() as playwright:
    browser = playwright.firefox.launch(channel="moz-firefox", executable_path=sys.argv[1], headless=True)
    print("launch: fine")
    print("new_context, usual:", outcome(browser, {}))
    print("new_context, no emulation:", outcome(browser, NONE))
    browser.close()
PY

got=$(HOME="$work" timeout 120 venv/bin/python open.py "$firefox")
diff <(echo "$want") <(echo "$got") || { echo "changed"; exit 1; }
echo "unchanged"
