"""One row in every table for one person, made from the tables themselves, so that new ones are covered."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, String, Table, select

from wellchat.accounts.models import User
from wellchat.audit.models import AuditEvent, pseudonym
from wellchat.db import Base, UTCDateTime, db, insert, new_id, transaction
from wellchat.features import all_features

CANARY = "Zq7canary"
EMAIL = "zq7canary@example.com"

# Tables with nothing of anybody's, each with the reason.
OF_NOBODY = {
    "epochs": "one life of the database",
    "search_versions": "how far the index is made anew",
    "sso_keys": "keys of the platform",
    "used_links": "hashes of links and sessions",
    "audit_heads": "heads of the chain of the security log",
    "audit_state": "how far the security log is sealed",
    "audit_suspicions": "pseudonyms, and networks",
    "audit_gaps": "trimmed stretches of the security log",
    "host_events": "ids of people and things, and no words, for 30 days",
    "host_event_state": "how far events are numbered",
    "webhooks": "addresses of the platform",
    "webhook_deliveries": "which event went to which webhook",
    "webhook_attempts": "what the platform's own server answered",
    "subject_kinds": "words of the platform",
    "own_notification_kinds": "words of the platform",
    "flags": "for how many people a feature is on",
    "brand": "what the installation shows of itself",
    "trades": "words of the platform for its people",
    "import_notes": "what is wrong with a line of the platform's own file",
    "import_files": "paths of files that wait for a run, a week at most",
}
# Made by what the test does, not by hand.
MADE_OTHERWISE = {"users": "the person", "erasures": "asked for", "audit": "written by the acts"}
# Columns that hold our own words, never a person's.
OURS = {
    "threads.key": "made of ids",
    "flag_people.flag": "a name of ours",
    "threads.key_scope": "a word of ours",
    "memberships.kind": "the kind of a subject",
    "attachments.media_type": "detected from the content",
    "messages.removed_by": "a word of ours",
    "messages.via": "a word of ours",
    "messages.told": "a word of ours",
    "reports.outcome": "a word of ours",
    "message_masks.shown_because": "a word of ours",
    "measures.kind": "a word of ours",
    "tokens.digest": "a hash",
    "factor_resets.reason": "of an operator; it is in the security log, too",
    "host_times.kind": "a word of ours",
    "host_keys.digest": "a hash",
    "host_keys.last_used_from": "the platform's own server",
    "host_answers.id": "a hash",
    "host_answers.body_digest": "a hash",
    "holds.reason": "of a court or an operator, and not of the person",
    "imports.name": "of the platform's own file",
    "imports.digest": "a hash",
    "imports.zone": "a time zone",
    "imports.step": "a word of ours",
    "imports.place": "a number or an id",
    "imported_messages.digest": "a hash",
    "services.currency": "a currency",
    "calendars.zone": "a time zone, and UTC once it is nobody's",
    "bookings.starts_local": "a time",
    "bookings.zone": "a time zone",
    "bookings.zone_data": "a version of the rules of zones",
    "bookings.currency": "a currency",
    "booking_changes.what": "a word of ours",
}
# Two people are named, and the words are those of the first.
OF_THE_FIRST = ("attachments",)
VALUES: dict[str, Any] = {
    "messages.reactions": None,
    "messages.reply_to": None,
    "messages.files": [{"id": "x", "name": CANARY, "media_type": "a/b", "size": 1, "width": None,
                        "height": None, "thumbnail": False}],
    "mails.covers": [],
    "message_masks.start": 0,
    "reactions.emoji": "👍",
    # A count becomes a row of the log, which takes declared kinds and holds no words.
    "audit_counts.kind": "limit.reached",
    "audit_counts.detail": {},
    "audit_counts.device": "Firefox on Linux",
    "audit_counts.network": "192.0.2.0/24",
    "audit_counts.request_id": None,
    "subjects.kind": "lead",
    "search_entries.tokens": [1],
    "host_keys.scopes": ["people:read"],
    "host_keys.networks": None,
    "holds.thread_id": None,
    "holds.released_at": "now",
    "imports.run": None,
    "import_threads.before": None,
    "imported_messages.files": None,
    "services.minutes": 60,
    "calendars.step": 30,
    "hours.begin_minute": 0,
    "bookings.held_until": None,
    "bookings.ends_at": "later",
}  # fmt: skip


def kept() -> set[str]:
    declared = [feature.personal_data for feature in all_features() if feature.personal_data]
    return {column for each in declared for column in each.kept}


def unlinked() -> set[str]:
    declared = [feature.personal_data for feature in all_features() if feature.personal_data]
    return {column for each in declared for column in each.unlinked}


def is_about_people(table: Table) -> bool:
    """Whether a table leads to a person, by foreign keys, or by a column that a feature names."""
    if table.name == "users" or any(f"{table.name}.{c.name}" in unlinked() for c in table.columns):
        return True
    return any(
        is_about_people(key.column.table) for key in table.foreign_keys if key.column.table is not table
    )


def strays() -> list[str]:
    """Tables that lead to nobody, and that nothing explains."""
    parents = {"mails", "refused_addresses", "received_mails", "audit_addresses", "outbox", "imports"}
    return [
        table.name
        for table in Base.metadata.sorted_tables
        if table.name not in {*OF_NOBODY, *MADE_OTHERWISE, *parents} and not is_about_people(table)
    ]


def put_rows(person: User, other: User, now: datetime) -> list[str]:
    """Put a row for the person into every table; two where two people are named. Return the tables."""
    rows: dict[str, dict[str, Any]] = {"users": {"id": person.id}}
    done = []
    with transaction() as session:
        for table in Base.metadata.sorted_tables:
            if table.name in {*OF_NOBODY, *MADE_OTHERWISE}:
                continue
            people = [
                column.name
                for column in table.columns
                if any(key.column.table.name == "users" for key in column.foreign_keys)
            ]
            orders = [(person, other), (other, person)][
                : 1 if len(people) < 2 or table.name in OF_THE_FIRST else 2
            ]
            for order in orders:
                row = _row(table, rows, people, order, person, now)
                session.execute(insert(table).values(row).on_conflict_do_nothing())
                if order[0] is person:
                    rows[table.name] = row
            done.append(table.name)
    return done


def _row(
    table: Table, rows: Any, people: list[str], order: Any, person: User, now: datetime
) -> dict[str, Any]:
    row = {}
    for column in table.columns:
        if column.primary_key and column.autoincrement is True:
            continue
        row[column.name] = _value(table, column, rows, people, order, person, now)
    return row


def _value(
    table: Table, column: Column[Any], rows: Any, people: list[str], order: Any, person: User, now: datetime
) -> Any:
    name = f"{table.name}.{column.name}"
    if name in VALUES:
        moments = {"now": now, "later": now + timedelta(hours=1)}
        return moments.get(VALUES[name], VALUES[name]) if isinstance(VALUES[name], str) else VALUES[name]
    if column.name in people:
        return order[min(people.index(column.name), 1)].id
    for key in column.foreign_keys:
        if key.column.table is not table:
            return rows[key.column.table.name][key.column.name]
    if name == "audit_people.pseudonym":
        return pseudonym(person.id)
    if name == "audit_addresses.audit_id":
        act = select(AuditEvent.id).where(AuditEvent.actor == pseudonym(person.id))
        return db.session.execute(act.limit(1)).scalar_one()
    if name in unlinked() or re.search(r"(^|_)user_id$", column.name):
        return person.id
    if choices := _choices(table, column):
        return choices[-1]
    if isinstance(column.type, String):
        return _text(name, column)
    return _plain(column, now)


def _choices(table: Table, column: Column[Any]) -> list[str]:
    """What a check constraint lets into a column."""
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint):
            found = re.fullmatch(rf"{column.name} IN \((.*)\)", str(constraint.sqltext))
            if found:
                return re.findall(r"'([^']*)'", found[1])
    return []


def _text(name: str, column: Column[Any]) -> str:
    length = getattr(column.type, "length", None) or 1000
    if length == 13 or name in kept() or name in OURS:
        return new_id()[:length]
    if column.name in ("email", "address"):
        return EMAIL if length > 100 else CANARY
    return f"{CANARY} {new_id()}"[:length] if length >= len(CANARY) else "x" * min(length, 2)


def _plain(column: Column[Any], now: datetime) -> Any:
    if isinstance(column.type, JSON):
        is_list = column.default is not None and column.default.arg.__name__ == "list"
        return [CANARY] if is_list else {"words": CANARY}
    if isinstance(column.type, UTCDateTime):
        return now
    kind = column.type.python_type
    made: dict[Any, Any] = {date: now.date(), int: 1, float: 1.0, bool: True}
    return made.get(kind, CANARY.encode())
