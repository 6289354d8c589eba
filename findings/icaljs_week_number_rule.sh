#!/usr/bin/env bash
# ical.js reads "Monday of week 20 each year" as "every Monday, beginning a week late".
#
# Expected: FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO from Monday 11 May 2026 (ISO week 20) gives one day a
# year: 11 May 2026, 17 May 2027, 15 May 2028. RFC 5545 has such a rule among its examples (3.8.5.3).
# dateutil gives these days.
# What happens: ical.js leaves out the first day and gives the three Mondays that follow it.
# Versions: ical.js 2.2.1, python-dateutil 2.9.0.post0.
# Output seen:
#> dateutil 2026-05-11 2027-05-17 2028-05-15
#> ical.js 2026-05-18 2026-05-25 2026-06-01
set -euo pipefail

want=$(sed -n 's/^#> //p' "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check python-dateutil==2.9.0.post0
npm install --silent --no-audit --no-fund --prefix "$work" ical.js@2.2.1

cat > expand.py <<'PY'
from datetime import datetime

from dateutil.rrule import rrulestr

days = rrulestr("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3", dtstart=datetime(2026, 5, 11))
print("dateutil", *[day.date() for day in days])
PY

cat > expand.mjs <<'JS'
import ICAL from "ical.js";
const event = `BEGIN:VEVENT
UID:1@example.org
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20260511
RRULE:FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3
END:VEVENT
`.replaceAll("\n", "\r\n");
const days = new ICAL.Event(new ICAL.Component(ICAL.parse(event))).iterator();
const seen = [];
for (let day = days.next(); day; day = days.next()) seen.push(day.toString());
console.log("ical.js", ...seen);
JS

got=$(venv/bin/python expand.py; node expand.mjs)
diff <(echo "$want") <(echo "$got") || { echo "changed"; exit 1; }
echo "unchanged"
