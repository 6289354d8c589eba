"""A professional with hours, services, and clients of theirs."""

from __future__ import annotations

from datetime import datetime, timedelta

from wellchat.accounts.actions import create_user
from wellchat.availability import actions as availability
from wellchat.availability.forms import PutRules, PutService
from wellchat.connections.actions import connect
from wellchat.forms import fill

ALWAYS = [(day, 0, 1440, 1) for day in range(7)]


def service(viewer, now, **more):
    form = fill(PutService, {"name": "Follow-up", "minutes": 60} | more)
    return availability.put_service(viewer=viewer, form=form, now=now)


def week(viewer, now, spans, zone="Europe/Berlin", **rules):
    rules = {"zone": zone, "notice_hours": 0, "horizon_days": 400} | rules
    availability.set_rules(viewer=viewer, form=fill(PutRules, rules), now=now)
    availability.set_hours(viewer=viewer, week=spans, now=now)


def open_calendar(viewer, now, **more):
    """A service of somebody who always works; free on every full and half hour."""
    week(viewer, now, ALWAYS)
    return service(viewer, now, **more)


def hour_ahead(now: datetime, days: int = 3) -> datetime:
    """A full hour, so many days from now."""
    return (now + timedelta(days=days)).replace(minute=0, second=0, microsecond=0)


def clients_of(professional, count, now):
    people = [
        create_user(email=f"c{n}@example.com", name=f"Client {n}", role="client", password=None, now=now)
        for n in range(count)
    ]
    for person in people:
        connect(client_id=person.id, professional_id=professional.id, now=now)
    return people
