"""Measure the idle poll: a client asks and nothing is new. Most requests are of this kind."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle, repeat

from bench.load import Load, request
from bench.stage import Stage
from bench.table import Row, alternate, rate_row
from bench.world import token_of
from wellchat.accounts.models import User

GOAL = 0.7
CONNECTIONS = 64
CROWD = 18_000  # so many that each of them comes no oftener than clients do, every few seconds


def measure(stage: Stage) -> list[Row]:
    return [
        _row(stage, f"idle poll, session cookies, {CROWD:,} people in turn", CROWD, by_cookie),
        _row(stage, f"idle poll, bearer tokens, {CROWD:,} people in turn", CROWD, by_token),
        _row(stage, f"idle poll, session cookies, the same {CONNECTIONS} people", CONNECTIONS, by_cookie),
    ]


def _row(stage: Stage, what: str, people: int, wires_of: Callable[[Stage, int], list[bytes]]) -> Row:
    wires = wires_of(stage, people)
    shares = [cycle(wires[n::CONNECTIONS]) for n in range(min(CONNECTIONS, len(wires)))]
    with (
        Load(stage.web("crowd").port, shares, expect=204) as ours,
        Load(stage.bare("crowd").port, [repeat(request("GET", "/bare"))] * CONNECTIONS, expect=200) as bare,
    ):
        ours.warm_up(len(wires))  # everybody has been here a moment ago, as in life
        rates = alternate(stage.rounds, lambda: ours.rate(stage.seconds), lambda: bare.rate(stage.seconds))
    return rate_row("idle-poll", what, *rates, GOAL, "bare Flask route")


def by_token(stage: Stage, people: int) -> list[bytes]:
    return [request("GET", path, token=token_of(user_id)) for user_id, path in paths(stage, people)]


def by_cookie(stage: Stage, people: int) -> list[bytes]:
    found = paths(stage, people)
    cookies = session_cookies(stage, [user_id for user_id, _ in found])
    return [request("GET", path, cookie=cookies[user_id]) for user_id, path in found]


def paths(stage: Stage, people: int) -> list[tuple[str, str]]:
    """Return people, and for each the path of a poll that finds nothing new."""
    user_ids = [pair.client_id for pair in stage.pairs("crowd", people)]
    cursors = stage.cursors("crowd", user_ids)
    return [(user_id, f"/api/updates?since={cursors[user_id]}") for user_id in user_ids]


def session_cookies(stage: Stage, user_ids: list[str]) -> dict[str, str]:
    """Return the cookie of a signed-in browser for each, signed as the application signs it."""
    app = stage.app("crowd")
    seal = app.session_interface.get_signing_serializer(app)
    return {
        user_id: "wellchat="
        + seal.dumps({"_user_id": User(id=user_id, session_epoch=1).get_id(), "_fresh": True})
        for user_id in user_ids
    }
