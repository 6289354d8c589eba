"""Searching, by who has the most threads: a common word, one after the other, against asking the same index by hand."""

from __future__ import annotations

import time
from itertools import repeat

import psycopg

from bench.load import Load, request
from bench.stage import Stage
from bench.table import Row, alternate, rate_row
from bench.world import token_of
from tests.services import plain
from wellchat.search import actions, tokens

GOAL = 0.2
WORD = "green"

# What any search has to do: the newest of mine that have the word, and what they say.
BY_HAND = """
    SELECT m.* FROM (
        SELECT thread_id, seq, at FROM search_entries WHERE tokens @> %(tokens)s::int[] ORDER BY at DESC LIMIT 30
    ) found JOIN memberships USING (thread_id) JOIN messages m USING (thread_id, seq)
    WHERE user_id = %(user)s ORDER BY at DESC
"""


def measure(stage: Stage) -> list[Row]:
    user_id = stage.star_threads("small")[0].professional_id
    with stage.app("small").app_context():
        actions.afresh()
        while actions.index():
            pass
    with psycopg.connect(plain(stage.database("small")), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE search_entries")
    ours = request("GET", f"/api/search?q={WORD}", token=token_of(user_id))
    with Load(stage.web("small").port, [repeat(ours)], expect=200) as searches:
        rates = alternate(
            stage.rounds, lambda: searches.rate(stage.seconds), lambda: by_hand(stage, user_id, stage.seconds)
        )
    return [rate_row("search", "search, 30 of a common word", *rates, GOAL, "the same index, raw SQL")]


def by_hand(stage: Stage, user_id: str, seconds: float) -> float:
    """Searches per second of one connection."""
    (word,) = tokens.asked(WORD)
    given = {"user": user_id, "tokens": [*word, tokens.number(tokens.ever(user_id))]}
    done, began = 0, time.perf_counter()
    with psycopg.connect(plain(stage.database("small")), autocommit=True) as connection:
        while time.perf_counter() - began < seconds:
            connection.execute(BY_HAND, given).fetchall()
            done += 1
    return done / (time.perf_counter() - began)
