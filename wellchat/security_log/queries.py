"""Read the security log for its pages, with the names of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from wellchat.accounts.models import User
from wellchat.accounts.queries import id_by_email, names_by_id
from wellchat.audit import queries as log
from wellchat.audit.models import OPERATOR, SYSTEM
from wellchat.errors import Invalid, NotFound
from wellchat.feature import registry
from wellchat.i18n import gettext
from wellchat.security_log.forms import AuditFilters

Row = dict[str, Any]


def filters_of(viewer: User, form: AuditFilters) -> log.Filters:
    """Return the filters of a form; its days are those of the viewer's zone.

    Raises NotFound without the duty `audit`, and Invalid for what does not exist.
    """
    if not viewer.may("audit"):
        raise NotFound
    user_id = id_by_email(form.person) or _known_id(form.person) if form.person else None
    if form.person and user_id is None:
        raise Invalid({"person": _nobody(form.person)})
    if form.kind and form.kind not in registry().audited:
        raise Invalid({"kind": gettext("There is no such kind.")})
    about_kind, colon, about = form.about.partition(":")
    if form.about and not (colon and about_kind and about):
        raise Invalid({"about": gettext("Write what it is about as kind:id.")})
    return log.Filters(
        user_id=user_id,
        kind=form.kind or None,
        severity=form.severity or None,
        outcome=form.outcome or None,
        since=_start_of(form.since, viewer) if form.since else None,
        # The person means the whole of the last day, and the filter ends before its moment.
        until=_start_of(form.until, viewer, days=1) if form.until else None,
        about=(about_kind, about) if form.about else None,
    )


def _nobody(person: str) -> str:
    if "@" in person:
        return gettext("Nobody here has this address.")
    return gettext("Write a whole email address, or an id. A name finds nobody here.")


def _known_id(user_id: str) -> str | None:
    # PostgreSQL refuses NUL characters even in a comparison.
    return next(iter(names_by_id([user_id])), None) if user_id.isprintable() else None


def _start_of(day: date, viewer: User, *, days: int = 0) -> datetime:
    start = datetime.combine(day, time(), tzinfo=ZoneInfo(viewer.time_zone))
    try:
        # Added in the person's zone: a day on which the clocks change has 23 or 25 hours.
        return (start + timedelta(days=days)).astimezone(UTC)
    # Near the first and the last year a day of some zone is out of range in UTC.
    except OverflowError:
        raise Invalid({"until" if days else "since": gettext("There is no such day.")}) from None


def page(viewer: User, form: AuditFilters) -> tuple[list[Row], str | None]:
    """Return rows, latest first, each with `label` and the id and name of its people.

    `actor_id`, `actor_name`, `person_id` and `person_name` are None for nobody, and for who was erased.
    Raises as `filters_of` does.
    """
    found, following = log.page(filters_of(viewer, form), before=form.before)
    people = log.people_of(found)
    return [_named(row, people) for row in found], following


def _named(row: Mapping[Any, Any], people: Mapping[str, tuple[str, str]]) -> Row:
    named: Row = {**row, "label": label_of(row["kind"])}
    for column in ("actor", "person"):
        named[f"{column}_id"], named[f"{column}_name"] = people.get(row[column], (None, None))
    return named


def activity(viewer: User, *, now: datetime, before: str | None) -> tuple[list[Row], str | None]:
    """Return what happened with the viewer's account, latest first: `at`, `label`, `outcome`, `by`, `place`.

    `by` is None for their own acts. The device and network of somebody else are not shown. Raises Invalid.
    """
    found, following = log.activity_of(viewer.id, now=now, before=before)
    mine = log.pseudonyms_of(viewer.id)
    return [_activity(row, mine) for row in found], following


def _activity(row: Mapping[Any, Any], mine: Sequence[str]) -> Row:
    by = None
    if row["actor"] not in mine:
        by = {OPERATOR: "operator", SYSTEM: "system"}.get(
            row["actor_kind"], "other" if row["actor"] else "stranger"
        )
    place = [row["device"], row["network"]] if by in (None, "stranger") else []
    return {
        "at": row["at"],
        "label": label_of(row["kind"]),
        "outcome": row["outcome"],
        "by": by,
        "place": " · ".join(part for part in place if part),
    }


def label_of(kind: str) -> str:
    """Return the label of a kind in the reader's language. An undeclared one keeps its name."""
    declared = registry().audited.get(kind)
    return gettext(declared.label) if declared else kind
