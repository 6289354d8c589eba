"""Declare how long a feature keeps what: the rules of `Feature.retention`.

`wellchat.privacy.retention` runs them once a day, and the page `/privacy` lists them. A rule is the only
place that knows a period, so the page says what is done. Nothing that a legal hold covers is removed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select

BATCH = 500  # rows of one transaction


@dataclass(frozen=True)
class Held:
    """The threads and people under a legal hold. Both are queries for ids, to be used with `not_in`."""

    user_ids: Select[Any]
    thread_ids: Select[Any]


@dataclass(frozen=True)
class Rule:
    """The period for which one kind of thing is kept.

    `count(before, held)` and `remove(before, held, limit, now)`: what is from before `before` is too old.
    `remove` takes away at most `limit` in one transaction of its own and returns how many; 0 ends the run.
    """

    name: str  # in reports: "revisions"
    label: str  # on the privacy page: "Earlier versions of messages"
    days: Callable[[], int | None]  # None: kept until a person deletes it
    count: Callable[[datetime, Held], int]
    remove: Callable[[datetime, Held, int, datetime], int]
    listed: bool = True  # on the privacy page also while `days` is None
