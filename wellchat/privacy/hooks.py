"""Name the hooks by which privacy calls the features above it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from wellchat.accounts.models import User
from wellchat.feature import Hook


class ToldLook(NamedTuple):
    """An administrator looked into a conversation, and the two people may know."""

    at: datetime
    about: str  # a sentence for the person: which conversation, and why as far as it may be told


looks_told: Hook[[User, datetime], list[ToldLook]] = Hook("privacy.looks_told")
"""(person, now) -> the looks into their conversations that they may know of, latest first."""
