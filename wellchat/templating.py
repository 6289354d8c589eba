"""Give templates their filters and globals: assets, times in the viewer's zone, links, initials."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from apiflask import APIFlask
from flask import current_app, g
from flask_login import current_user
from markupsafe import Markup, escape

from wellchat import clock, i18n
from wellchat.assets import ALL_STYLESHEETS, asset
from wellchat.clock import iso
from wellchat.graphemes import cut, first
from wellchat.i18n import gettext, ngettext
from wellchat.links import find_links
from wellchat.next_page import with_next


def _zone() -> ZoneInfo:
    """Return the viewer's time zone, kept for the request: every time on a page needs it."""
    if "zone" not in g:
        g.zone = ZoneInfo(current_user.time_zone if current_user.is_authenticated else "UTC")
    return cast(ZoneInfo, g.zone)


def _moment(value: datetime | str) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def server_time() -> int:
    """Return the time now in milliseconds since 1970 UTC, as scripts count it."""
    return int(clock.now().timestamp() * 1000)


def clock_time(value: datetime | str) -> str:
    """Format a time of day, such as 14:05, in the viewer's zone."""
    return i18n.format_time(_moment(value).astimezone(_zone()))


def day(value: datetime | str) -> str:
    """Format a day: Today, Yesterday, Thu 12 Nov, or 12 Nov 2024; in the viewer's zone."""
    date, today = _moment(value).astimezone(_zone()).date(), clock.now().astimezone(_zone()).date()
    if date == today:
        return gettext("Today")
    if date == today - timedelta(days=1):
        return gettext("Yesterday")
    return i18n.format_date(date, "day" if date.year == today.year else "year")


def date(value: datetime | str) -> str:
    """Format a date as ISO 8601, such as 2026-11-12, in the viewer's zone."""
    return _moment(value).astimezone(_zone()).date().isoformat()


def when(value: datetime | str) -> str:
    """Format a moment briefly, for lists: 14:05, Yesterday, Thu, 12 Nov, 12 Nov 2024."""
    then, today = _moment(value).astimezone(_zone()).date(), clock.now().astimezone(_zone()).date()
    if then == today:
        return clock_time(value)
    if today - then == timedelta(days=1):
        return gettext("Yesterday")
    if timedelta(days=1) < today - then < timedelta(days=7):
        return i18n.format_date(then, "weekday")
    return i18n.format_date(then, "short" if then.year == today.year else "year")


def seen(other: dict[str, Any]) -> str:
    """Format a person's presence: Here now, Away, Seen today 14:05, Seen yesterday, Seen Thu 12 Nov.

    `other` is a person of the thread JSON, with `presence` and `seen_at`.
    """
    if other["presence"] == "here":
        return gettext("Here now")
    if not other["seen_at"]:
        return gettext("Away")
    day_seen = day(other["seen_at"])
    if day_seen == gettext("Today"):
        return gettext("Seen today %(time)s", time=clock_time(other["seen_at"]))
    return (
        gettext("Seen yesterday")
        if day_seen == gettext("Yesterday")
        else gettext("Seen %(day)s", day=day_seen)
    )


def waited(since: str) -> str:
    """Format how long somebody has waited: Waiting 5 min, Waiting 3 h, Waiting 4 days."""
    minutes = int((clock.now() - _moment(since)).total_seconds() // 60)
    if minutes < 60:
        return gettext("Waiting %(num)s min", num=max(1, minutes))
    if minutes < 48 * 60:
        return gettext("Waiting %(num)s h", num=minutes // 60)
    return ngettext("Waiting %(num)s day", "Waiting %(num)s days", minutes // 1440)


def continues(message: dict[str, Any] | None, previous: dict[str, Any] | None) -> bool:
    """Return whether a message continues the group before it.

    It has the same sender and day, comes within five minutes, and both or none are sent automatically.
    """
    if not message or not previous or message["sender_id"] != previous["sender_id"]:
        return False
    if message.get("via") != previous.get("via"):
        return False
    at, before = _moment(message["created_at"]), _moment(previous["created_at"])
    return at - before <= timedelta(minutes=5) and date(at) == date(before)


def _iso(value: datetime | str) -> str | None:
    return iso(_moment(value))


def linkify(text: str) -> Markup:
    """Return the text, escaped, with web and mail addresses as links."""
    out, at = Markup(), 0
    for link in find_links(text):
        # Everything outside the links is escaped, so the result is safe to mark as HTML. `dir` keeps a link
        # apart from direction marks around it (UAX #9): they cannot turn round what it shows.
        out += escape(text[at : link.start])
        out += Markup(
            '<a href="{}" rel="noopener noreferrer nofollow" target="_blank" dir="ltr">{}</a>'
        ).format(link.href, link.shown)
        at = link.end
    return out + escape(text[at:])


def initials(name: str) -> str:
    """Return one or two capital letters for an avatar without a picture."""
    parts = [w for w in name.split() if w[:1].isalnum()] or [name or "?"]
    return (first(parts[0]) + (first(parts[-1]) if len(parts) > 1 else "")).upper()


def truncate(text: str, length: int) -> str:
    """Return a text of about `length` characters, as Jinja's filter of this name, with no character cut."""
    # Jinja lets five more pass, so that little is gained by dots.
    return text if len(text) <= length + 5 else cut(text, length - 3).rsplit(" ", 1)[0] + "..."


def hue(user_id: str) -> int:
    """Return a hue from 0 to 359, stable per person (FNV-1a, 32 bit). static/js computes the same."""
    value = 0x811C9DC5
    for byte in user_id.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value % 360


def _globals() -> dict[str, Any]:
    return {
        "viewer": current_user._get_current_object() if current_user.is_authenticated else None,
        "asset": asset,
        "all_stylesheets": ALL_STYLESHEETS,
        "now": clock.now(),
        "settings": current_app.config,
    }


def init_app(app: APIFlask) -> None:
    """Register the filters and the globals of the templates."""
    app.context_processor(_globals)
    app.jinja_env.filters.update(
        clock_time=clock_time,
        continues=continues,
        date=date,
        day=day,
        hue=hue,
        initials=initials,
        iso=_iso,
        linkify=linkify,
        seen=seen,
        waited=waited,
        translated=gettext,
        truncate=truncate,
        when=when,
    )
    app.jinja_env.globals["with_next"] = with_next
    app.jinja_env.globals["server_time"] = server_time
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
