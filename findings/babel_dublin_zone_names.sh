#!/usr/bin/env bash
# Babel writes "Irish Standard Time" in winter and "Greenwich Mean Time" in summer for Dublin.
#
# Expected: Dublin keeps Greenwich Mean Time in winter and Irish Standard Time in summer. CLDR, where
# Babel's words come from, has the one under "standard" and the other under "daylight".
# What happens: the tz database describes Irish summer as standard time, and winter as daylight saving
# of minus one hour. Babel asks the zone whether daylight saving is in force (dst() is not zero) and
# takes the word of that name, so each season carries the other's name. The clock time is right.
# Versions: Babel 2.19.0, tzdata 2026.6.
# Output seen:
#> 2027-01-15 +0000 dst -1 h: Irish Standard Time
#> 2027-07-15 +0100 dst +0 h: Greenwich Mean Time
set -euo pipefail

want=$(sed -n 's/^#> //p' "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check Babel==2.19.0 tzdata==2026.6

cat > names.py <<'PY'
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_name

for month in (1, 7):
    noon = datetime(2027, month, 15, 12, tzinfo=ZoneInfo("Europe/Dublin"))
    hours = noon.dst().total_seconds() / 3600
    print(f"{noon:%Y-%m-%d %z} dst {hours:+.0f} h: {get_timezone_name(noon, locale='en_IE')}")
PY

got=$(PYTHONTZPATH='' venv/bin/python names.py)
diff <(echo "$want") <(echo "$got") || { echo "changed"; exit 1; }
echo "unchanged"
