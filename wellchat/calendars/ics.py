"""Write iCalendar (RFC 5545): events in UTC, which every calendar reads alike, without a time zone of ours.

Lines end in CRLF and are folded at 75 octets between characters; text is escaped and has no control
characters; parameters follow RFC 6868.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
PRODUCT = "-//wellchat//wellchat//EN"


@dataclass(frozen=True)
class Event:
    """One event. `sequence` rises with each change of it; `stamp` is the moment of the last one."""

    uid: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str = ""
    location: str = ""
    url: str = ""
    cancelled: bool = False
    organizer: tuple[str, str] | None = None  # name, address
    attendee: tuple[str, str] | None = None
    busy: bool = True


def calendar(method: str, events: Iterable[Event], *, name: str | None = None) -> bytes:
    """Return a calendar with a method: REQUEST, CANCEL (RFC 5546) or PUBLISH.

    With a name it is a feed, which says that it is worth reading once an hour (RFC 7986).
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN", f"METHOD:{method}"]
    if name is not None:
        lines += [f"NAME:{text(name)}", f"X-WR-CALNAME:{text(name)}"]
        lines += ["REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H"]
    for each in events:
        lines += _event(each)
    lines.append("END:VCALENDAR")
    return b"".join(folded(line) for line in lines)


def _event(event: Event) -> list[str]:
    lines = [
        "BEGIN:VEVENT",
        f"UID:{text(event.uid)}",
        f"SEQUENCE:{event.sequence}",
        f"DTSTAMP:{_utc(event.stamp)}",
        f"LAST-MODIFIED:{_utc(event.stamp)}",
        f"DTSTART:{_utc(event.starts_at)}",
        f"DTEND:{_utc(event.ends_at)}",
        f"SUMMARY:{text(event.summary)}",
        f"STATUS:{'CANCELLED' if event.cancelled else 'CONFIRMED'}",
        f"TRANSP:{'OPAQUE' if event.busy else 'TRANSPARENT'}",
    ]
    for key, value in (("DESCRIPTION", event.description), ("LOCATION", event.location)):
        if value:
            lines.append(f"{key}:{text(value)}")
    if event.url:
        lines.append(f"URL:{uri(event.url)}")
    if event.organizer:
        lines.append(f"ORGANIZER;CN={parameter(event.organizer[0])}:mailto:{uri(event.organizer[1])}")
    if event.attendee:
        who = f"CN={parameter(event.attendee[0])};PARTSTAT=ACCEPTED;RSVP=FALSE"
        lines.append(f"ATTENDEE;{who}:mailto:{uri(event.attendee[1])}")
    return [*lines, "END:VEVENT"]


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def text(value: str) -> str:
    """Return a value of type TEXT (RFC 5545, 3.3.11)."""
    value = _CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    for found, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        value = value.replace(found, written)
    return value


def uri(value: str) -> str:
    """Return an address without anything that could end its line."""
    return "".join(_CONTROL.sub("", value).split())


def parameter(value: str) -> str:
    """Return a quoted value of a parameter (RFC 6868)."""
    value = _CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    for found, written in (("^", "^^"), ("\n", "^n"), ('"', "^'")):
        value = value.replace(found, written)
    return f'"{value}"'


def folded(line: str) -> bytes:
    """Return a line with its end, in pieces of at most 75 octets; no character is cut."""
    pieces, piece = [], b""
    for character in line:
        octets = character.encode(errors="replace")
        # A piece that goes on begins with a blank.
        if len(piece) + len(octets) > 75:
            pieces.append(piece)
            piece = b" "
        piece += octets
    return b"\r\n".join([*pieces, piece]) + b"\r\n"
