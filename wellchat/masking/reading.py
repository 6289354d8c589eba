"""Read what is hidden, and whether two people have booked."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import case, exists, func, select, tuple_

from wellchat.config import setting
from wellchat.db import db
from wellchat.masking.detection import KINDS, Found, find_contacts
from wellchat.masking.models import BOOKED, DISPUTED, MessageMask
from wellchat.subjects.models import Subject

Key = tuple[str, int]  # thread id, seq


class Judged(NamedTuple):
    """What would be hidden in a text: whether anything is in this thread, and the kinds found."""

    applies: bool
    kinds: list[str]


def hidden_among(keys: Collection[Key]) -> dict[Key, list[tuple[int, int]]]:
    """Return the ranges that are still hidden in these messages, in order. It takes one statement."""
    query = select(MessageMask.thread_id, MessageMask.seq, MessageMask.start, MessageMask.end).where(
        tuple_(MessageMask.thread_id, MessageMask.seq).in_(list(keys)), MessageMask.shown_at.is_(None)
    )
    found: dict[Key, list[tuple[int, int]]] = {}
    for thread_id, seq, start, end in db.session.execute(query.order_by(MessageMask.start)):
        found.setdefault((thread_id, seq), []).append((start, end))
    return found


def is_ending(status: str | None) -> bool:
    """Return whether two people have booked once a subject of theirs has this status (MASK_ENDS)."""
    return (status or "").lower() in setting("MASK_ENDS")


def is_booked(client_id: str, professional_id: str) -> bool:
    """Return whether any subject of a pair is in a state of MASK_ENDS now."""
    of_pair = (Subject.client_id == client_id, Subject.professional_id == professional_id)
    ends = func.lower(Subject.status).in_(setting("MASK_ENDS"))
    return db.session.execute(select(exists().where(*of_pair, ends))).scalar_one()


def contacts_in(body: str) -> list[Found]:
    """Return the contact data in a text, by the settings of this installation."""
    own = (setting("BASE_URL"), setting("SSO_URL"), setting("ACCOUNT_URL"))
    return find_contacts(body, regions=setting("REGIONS"), hosts=_hosts(setting("MASK_HOSTS"), own))


@lru_cache(maxsize=8)
def _hosts(allowed: tuple[str, ...], own: tuple[str | None, ...]) -> tuple[str, ...]:
    """Return the hosts whose links stay: those of the setting, ours, and those of the host platform."""
    named = [urlsplit(address).hostname for address in own if address]
    return tuple(host.lower() for host in (*allowed, *named) if host)


def figures(*, since: datetime) -> dict[str, dict[str, int]]:
    """Return by kind how many pieces were `found` since then, and of these `hidden`, `booked`, `disputed`."""
    counted = {
        "found": func.count(),
        "hidden": func.sum(case((MessageMask.shown_at.is_(None), 1), else_=0)),
        BOOKED: func.sum(case((MessageMask.shown_because == BOOKED, 1), else_=0)),
        DISPUTED: func.sum(case((MessageMask.shown_because == DISPUTED, 1), else_=0)),
    }
    query = select(MessageMask.kind, *counted.values()).where(MessageMask.made_at >= since)
    rows = dict.fromkeys(KINDS, (0,) * len(counted))
    rows |= {kind: tuple(row) for kind, *row in db.session.execute(query.group_by(MessageMask.kind))}
    return {kind: dict(zip(counted, map(int, row), strict=True)) for kind, row in rows.items()}


def judge(client_id: str, professional_id: str, body: str) -> Judged:
    """Return what would be hidden in a text between two people, by the rules of writing. Keeps nothing."""
    if is_booked(client_id, professional_id):
        return Judged(False, [])
    return Judged(True, sorted({found.kind for found in contacts_in(body)}))
