"""Measure searches of the person with the most threads, in ten million messages.

The reference is a common word in the same index by hand.
"""

from __future__ import annotations

import asyncio
import time
from itertools import repeat
from statistics import median
from urllib.parse import quote

import psycopg

from bench.load import Load, WrongAnswer, connect, request
from bench.stage import Stage
from bench.table import Row, alternate, ms, rate_row
from bench.world import token_of
from tests.services import plain
from wellchat.search import tokens

GOAL = 0.2
GOAL_MS = 0.1
COMMON = "green"
QUESTIONS = {
    "a common word": COMMON,
    "two common words": "lesson tomorrow",
    "a word with a slip": "tomorow",
    "a word that is nowhere": "zeppelin",
}

# What any search has to do: the newest of mine that have the word, and what they say.
BY_HAND = """
    SELECT m.* FROM (
        SELECT thread_id, seq, at FROM search_entries WHERE tokens @> %(tokens)s::int[]
        ORDER BY at DESC LIMIT 30
    ) found JOIN memberships USING (thread_id) JOIN messages m USING (thread_id, seq)
    WHERE user_id = %(user)s ORDER BY at DESC
"""


def measure(stage: Stage) -> list[Row]:
    return [_held_against_sql(stage), *_by_the_clock(stage)]


def _held_against_sql(stage: Stage) -> Row:
    user_id = stage.star_threads("small")[0].professional_id
    ours = request("GET", f"/api/search?q={COMMON}", token=token_of(user_id))
    with Load(stage.web("small").port, [repeat(ours)], expect=200) as searches:
        rates = alternate(
            stage.rounds, lambda: searches.rate(stage.seconds), lambda: by_hand(stage, user_id, stage.seconds)
        )
    return rate_row("search", "search, 30 of a common word", *rates, GOAL, "the same index, raw SQL")


def by_hand(stage: Stage, user_id: str, seconds: float) -> float:
    """Return the searches per second of one connection."""
    (word,) = tokens.query_tokens(COMMON)
    given = {"user": user_id, "tokens": [*word, tokens.number(tokens.for_user(user_id))]}
    done, began = 0, time.perf_counter()
    with psycopg.connect(plain(stage.database("small")), autocommit=True) as connection:
        while time.perf_counter() - began < seconds:
            connection.execute(BY_HAND, given).fetchall()
            done += 1
    return done / (time.perf_counter() - began)


def _by_the_clock(stage: Stage) -> list[Row]:
    """Time each query repeatedly, one at a time; the worlds take turns."""
    times = asyncio.run(_clock(stage))
    rows = []
    for what in QUESTIONS:
        small, large = times["small", what], times["large", what]
        goal = f"< {ms(GOAL_MS)}"
        what = f"search for {what}, at 10 million messages"
        rows.append(
            Row(
                "search",
                what,
                ms(large),
                f"at 10 thousand: {ms(small)}",
                large / small,
                goal,
                large < GOAL_MS,
            )
        )
    return rows


async def _clock(stage: Stage) -> dict[tuple[str, str], float]:
    """Return the median seconds of each query in each world, without the first, which warms the caches."""
    times: dict[tuple[str, str], list[float]] = {
        (size, what): [] for what in QUESTIONS for size in ("small", "large")
    }
    for (size, what), taken in times.items():
        token = token_of(stage.star_threads(size)[0].professional_id)
        async with await connect(stage.web(size).port) as connection:
            for _ in range(2 if stage.quick else 41):
                began = time.perf_counter()
                path = f"/api/search?q={quote(QUESTIONS[what])}"
                answer = await connection.ask(request("GET", path, token=token))
                taken.append(time.perf_counter() - began)
                if answer.status != 200:
                    raise WrongAnswer(f"{what}: {answer.status} {answer.body[:200]!r}")
    return {key: median(taken[1:]) for key, taken in times.items()}
