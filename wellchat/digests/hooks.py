"""Name the hook by which digests ask the features above."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from wellchat.feature import Hook

Place = tuple[str, str]  # user, thread

ways_to_end: Hook[[Collection[tuple[str, str, int]]], Mapping[Place, tuple[str, str]]]
ways_to_end = Hook("digests.ways_to_end")
"""((user id, thread id, seq), ...) of messages that were sent automatically -> the links that end such.

Returns (user id, thread id) -> (label, path of a signed link), for all mails at once. Not called where
nothing was sent automatically.
"""
