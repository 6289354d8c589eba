#!/usr/bin/env bash
# vobject files Chicago and Shanghai under one zone name, so one of two events is 14 hours off.
#
# Expected: an event at 09:00 in Chicago (15:00 UTC in January) and one at 09:00 in Shanghai
# (01:00 UTC) keep these moments when they are written to one calendar and read again.
# What happens: vobject names the zone after its abbreviation in winter, which is CST for both. It
# writes one VTIMEZONE, that of Chicago, for both events. Whoever reads the file, vobject itself or
# icalendar, gets 15:00 UTC twice.
# Versions: vobject 0.9.9, icalendar 7.3.2, tzdata 2026.6, pytz 2026.6, python-dateutil 2.9.0.post0.
# Output seen:
#> zones written: CST
#> vobject America/Chicago 15:00 UTC
#> vobject Asia/Shanghai 15:00 UTC
#> icalendar America/Chicago 15:00 UTC
#> icalendar Asia/Shanghai 15:00 UTC
set -euo pipefail

want=$(sed -n 's/^#> //p' "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check vobject==0.9.9 icalendar==7.3.2 tzdata==2026.6 \
  pytz==2026.6 python-dateutil==2.9.0.post0

cat > both.py <<'PY'
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import icalendar
import vobject

calendar = vobject.iCalendar()
for zone in ("America/Chicago", "Asia/Shanghai"):
    event = calendar.add("vevent")
    event.add("uid").value = zone
    event.add("dtstart").value = datetime(2026, 1, 7, 9, tzinfo=ZoneInfo(zone))
text = calendar.serialize()

read = icalendar.Calendar.from_ical(text)
print("zones written:", *[zone["tzid"] for zone in read.walk("VTIMEZONE")])
for event in vobject.readOne(text).vevent_list:
    print("vobject", event.uid.value, event.dtstart.value.astimezone(UTC).strftime("%H:%M UTC"))
for event in read.walk("VEVENT"):
    print("icalendar", event["uid"], event["dtstart"].dt.astimezone(UTC).strftime("%H:%M UTC"))
PY

got=$(PYTHONTZPATH='' venv/bin/python both.py)
diff <(echo "$want") <(echo "$got") || { echo "changed"; exit 1; }
echo "unchanged"
