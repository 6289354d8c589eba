"""Keep the public keys of others (RFC 7517) that stand at an address, in the memory of this process."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import current_app

from wellchat.sso.fetching import Unreachable, get_json

KEPT = timedelta(hours=1)
KEPT_MOST = timedelta(days=1)  # while the address does not answer
# For an unknown key: it may be new. Not more often, for anybody can send an unknown name.
ASKED_AGAIN = timedelta(minutes=5)
AFTER_FAILURE = timedelta(seconds=30)
MAX_KEYS = 50


@dataclass
class _Kept:
    keys: list[dict[str, Any]] = field(default_factory=list)
    asked_at: datetime | None = None  # whether it answered or not
    read_at: datetime | None = None


class KeySets:
    """The sets that one application has read."""

    def __init__(self, fetch: Callable[[str], dict[str, Any]] = get_json) -> None:
        self._fetch = fetch
        self._kept: defaultdict[str, _Kept] = defaultdict(_Kept)
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def find(self, url: str, kid: str | None, now: datetime) -> list[dict[str, Any]]:
        """Return the keys of a set that a token with this `kid` may mean: one, or with None all of them.

        Raises Unreachable if the set was not read for long.
        """
        # One reads, and others wait for it: they would all ask the same.
        with self._locks[url]:
            kept = self._kept[url]
            if _may_help(kept, kid, now):
                self._read(url, kept, now)
            if _age(kept.read_at, now) > KEPT_MOST:
                raise Unreachable(f"{url} does not answer with a set of keys.")
            return [key for key in kept.keys if kid is None or key.get("kid") == kid]

    def _read(self, url: str, kept: _Kept, now: datetime) -> None:
        kept.asked_at = now
        try:
            found = self._fetch(url).get("keys")
        except Unreachable:
            # What was read before goes on counting for a while.
            return
        if isinstance(found, list):
            kept.keys, kept.read_at = [key for key in found[:MAX_KEYS] if isinstance(key, dict)], now


def _may_help(kept: _Kept, kid: str | None, now: datetime) -> bool:
    """Return whether the set should be read now."""
    if _age(kept.read_at, now) >= KEPT:
        return _age(kept.asked_at, now) >= AFTER_FAILURE
    is_unknown = kid is not None and all(key.get("kid") != kid for key in kept.keys)
    return is_unknown and _age(kept.asked_at, now) >= ASKED_AGAIN


def _age(moment: datetime | None, now: datetime) -> timedelta:
    # A moment that is yet to come was noted before the clock was put back.
    return now - moment if moment is not None and moment <= now else timedelta.max


def key_sets() -> KeySets:
    """Return the sets of the current application."""
    found: KeySets = current_app.extensions.setdefault("sso_key_sets", KeySets())
    return found
