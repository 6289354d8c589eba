"""List the rows of the table in order: each `measure(stage)` returns one row or more."""

from __future__ import annotations

from collections.abc import Callable

from bench.rows import (
    crowd,
    digests,
    events,
    figures,
    free_times,
    host,
    idle_poll,
    inbox,
    page,
    scale,
    search,
    send,
    update,
    waiting,
)
from bench.stage import Stage
from bench.table import Row

ROWS: dict[str, Callable[[Stage], list[Row]]] = {
    "idle-poll": idle_poll.measure,
    "send": send.measure,
    "waiting": waiting.measure,
    "crowd": crowd.measure,
    "scale": scale.measure,
    "update": update.measure,
    "digests": digests.measure,
    "search": search.measure,
    "page": page.measure,
    "events": events.measure,
    "host": host.measure,
    "figures": figures.measure,
    "inbox": inbox.measure,
    "free-times": free_times.measure,
}
