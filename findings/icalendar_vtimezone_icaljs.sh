#!/usr/bin/env bash
# A calendar file written by icalendar (Python) is read an hour late all summer by ical.js.
#
# Expected: 1 July 2026, 09:00 in Berlin, sent with the VTIMEZONE that icalendar adds, is 07:00 UTC
# for every reader.
# What happens: icalendar writes the clock changes as RDATE lines that hold many dates each, which
# RFC 5545 allows (3.8.5.2). ical.js takes the first date of each such line and ignores the others, so
# summer time never begins in 2026. icalendar itself reads 07:00 UTC.
# Versions: icalendar 7.3.2, tzdata 2026.6, ical.js 2.2.1.
# Output seen:
#> icalendar 07:00 UTC
#> ical.js 08:00 UTC
set -euo pipefail

want=$(sed -n 's/^#> //p' "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check icalendar==7.3.2 tzdata==2026.6
npm install --silent --no-audit --no-fund --prefix "$work" ical.js@2.2.1

cat > write.py <<'PY'
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

calendar = Calendar()
calendar.add("prodid", "-//example.org//calendar//EN")
calendar.add("version", "2.0")
event = Event()
event.add("uid", "1@example.org")
event.add("dtstamp", datetime(2026, 1, 1, tzinfo=UTC))
event.add("dtstart", datetime(2026, 7, 1, 9, tzinfo=ZoneInfo("Europe/Berlin")))
calendar.add_component(event)
calendar.add_missing_timezones()
Path("summer.ics").write_bytes(calendar.to_ical())
start = Calendar.from_ical(Path("summer.ics").read_bytes()).walk("VEVENT")[0]["dtstart"].dt
print("icalendar", start.astimezone(UTC).strftime("%H:%M UTC"))
PY

cat > read.mjs <<'JS'
import { readFileSync } from "node:fs";
import ICAL from "ical.js";
const calendar = new ICAL.Component(ICAL.parse(readFileSync("summer.ics", "utf8")));
const event = new ICAL.Event(calendar.getFirstSubcomponent("vevent"));
console.log("ical.js", event.startDate.toJSDate().toISOString().slice(11, 16), "UTC");
JS

got=$(PYTHONTZPATH='' venv/bin/python write.py; node read.mjs)
diff <(echo "$want") <(echo "$got") || { echo "changed"; exit 1; }
echo "unchanged"
