#!/usr/bin/env bash
# Two readers of iCalendar disagree about the months and years that lack the day of a series.
#
# Expected: RFC 5545 (3.3.10) ignores dates that do not exist. A monthly event from 31 January 2026
# is in March next, then May. A yearly event from 29 February 2024 is in 2028 next.
# What happens: node-ical moves to 28 February and stays on the 28th from then on, so the monthly event
# never comes back to the 31st. ical.js skips the months, but puts the yearly event on 1 March 2025.
# Versions: node-ical 0.26.1 (with rrule-temporal 1.6.0), ical.js 2.2.1.
# Output seen:
#> node-ical monthly 2026-01-31 2026-02-28 2026-03-28
#> ical.js monthly 2026-01-31 2026-03-31 2026-05-31
#> node-ical yearly 2024-02-29 2025-02-28
#> ical.js yearly 2024-02-29 2025-03-01
set -euo pipefail

want=$(sed -n 's/^#> //p' "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix "$work" \
  ical.js@2.2.1 node-ical@0.26.1 rrule-temporal@1.6.0

cat > expand.mjs <<'JS'
import ICAL from "ical.js";
import nodeIcal from "node-ical";
const range = { from: new Date(2024, 0, 1), to: new Date(2030, 0, 1) };
const series = [
  ["monthly", "20260131", "FREQ=MONTHLY;COUNT=3"],
  ["yearly", "20240229", "FREQ=YEARLY;COUNT=2"],
];
for (const [name, day, rule] of series) {
  const text = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example.org//calendar//EN
BEGIN:VEVENT
UID:1@example.org
DTSTAMP:20240101T000000Z
DTSTART;VALUE=DATE:${day}
RRULE:${rule}
END:VEVENT
END:VCALENDAR
`.replaceAll("\n", "\r\n");
  const event = Object.values(nodeIcal.sync.parseICS(text)).find((part) => part.type === "VEVENT");
  const found = nodeIcal.expandRecurringEvent(event, range);
  console.log("node-ical", name, ...found.map(({ start }) => start.toISOString().slice(0, 10)));
  const calendar = new ICAL.Component(ICAL.parse(text));
  const days = new ICAL.Event(calendar.getFirstSubcomponent("vevent")).iterator();
  const seen = [];
  for (let next = days.next(); next; next = days.next()) seen.push(next.toString());
  console.log("ical.js", name, ...seen);
}
JS

got=$(TZ=UTC node expand.mjs)
diff <(echo "$want") <(echo "$got") || { echo "changed"; exit 1; }
echo "unchanged"
