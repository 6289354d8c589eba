"""Decide what of a message's text a person is shown. Every door asks here; nobody else gives a text away.

A feature above may hide parts of a text from everybody but its sender (hook `hidden_among`). Where none does,
nothing is asked and the text is shown as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from wellchat.attachments.serializers import File
from wellchat.feature import registry
from wellchat.messaging.hooks import hidden_among
from wellchat.messaging.models import preview_of

HIDDEN = "•••"  # in place of each hidden part, however long it is

Key = tuple[str, int]  # thread id, seq
Hidden = Mapping[Key, Sequence[tuple[int, int]]]


class Written(Protocol):
    """What has a text: a message, or a row of one."""

    @property
    def thread_id(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def sender_id(self) -> str: ...
    @property
    def body(self) -> str | None: ...


class WithFiles(Written, Protocol):
    """A message or a row of one, with its files."""

    @property
    def files(self) -> list[File] | None: ...


def something_hides() -> bool:
    """Return whether a feature that is on hides parts of texts."""
    return hidden_among.name in registry().handlers


def hidden_in(messages: Iterable[Written | None]) -> Hidden:
    """Return what is hidden in these messages: {key: ranges of the text, in order}.

    It takes one statement, and none where nothing hides. None is left out.
    """
    if not something_hides():
        return {}
    keys = {(each.thread_id, each.seq) for each in messages if each is not None and each.body}
    found: dict[Key, Sequence[tuple[int, int]]] = {}
    for hidden in hidden_among(keys) if keys else ():
        found.update(hidden)
    return found


def shown_body(message: Written, viewer_id: str | None, hidden: Hidden | None = None) -> str | None:
    """Return the text of a message as a person sees it; None when it is deleted.

    `hidden` comes from `hidden_in`, for a list of messages; without it, this asks itself. Only the sender
    sees the whole text. `viewer_id` None is somebody who is neither of the two, such as the host platform.
    """
    body = message.body
    if not body or message.sender_id == viewer_id:
        return body
    if hidden is None:
        hidden = hidden_in([message])
    if not hidden:
        return body
    shown, at = [], 0
    for start, end in hidden.get((message.thread_id, message.seq), ()):
        shown += [body[at:start], HIDDEN]
        at = end
    return "".join(shown) + body[at:] if shown else body


def shown_preview(message: WithFiles, viewer_id: str | None, hidden: Hidden | None = None) -> str | None:
    """Return `preview_of` a message as a person sees it; None when it is deleted."""
    return preview_of(shown_body(message, viewer_id, hidden), message.files)
