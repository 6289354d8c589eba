"""Places that lower features offer: beside a thread, on a profile, in the composer, in search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from wellchat.accounts.models import User
    from wellchat.connections.models import Connection
    from wellchat.messaging.queries import ThreadView


@dataclass(frozen=True)
class ThreadPanel:
    """A section beside a thread. Its template gets what `load` returns as `data`; None shows no section."""

    label: str
    template: str
    load: Callable[[User, ThreadView, datetime], dict[str, Any] | None]
    visible: Callable[[User], bool] = lambda viewer: True


@dataclass(frozen=True)
class ConnectionPanel:
    """A section on the page of a connected person. Otherwise the same as a ThreadPanel."""

    label: str
    template: str
    load: Callable[[User, Connection, datetime], dict[str, Any] | None]
    visible: Callable[[User], bool] = lambda viewer: True


@dataclass(frozen=True)
class ComposerAction:
    """An entry in the menu of the composer: a link. `path` holds `{thread_id}`."""

    label: str
    icon: str
    path: str
    visible: Callable[[User], bool] = lambda viewer: True


class SearchHit(NamedTuple):
    """Something that a feature found. `excerpt` is plain text on one line."""

    title: str
    path: str
    excerpt: str = ""


@dataclass(frozen=True)
class SearchSource:
    """A feature's own things in search. `find(viewer, text, limit)` returns the best first."""

    label: str
    find: Callable[[User, str, int], list[SearchHit]]
