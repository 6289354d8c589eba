"""The made-up world is one that wellchat itself might have written."""

from __future__ import annotations

from datetime import datetime
from itertools import islice

from bench.world import SIZES, World
from wellchat.search import tokens


def test_its_index_is_what_the_worker_would_have_written() -> None:
    world = World(SIZES["tiny"])
    rows = [line.rstrip("\n").split("\t") for line in world.threads()]
    people = {row[0]: (row[4], row[5]) for row in rows}  # of a thread: its client, its professional
    for message, entry in islice(zip(world.messages(), world.search_entries(), strict=True), 0, 1_000, 9):
        thread_id, seq, _, body, _, moment = message.rstrip("\n").split("\t")
        at = datetime.fromisoformat(moment)
        found = tokens.message_tokens(
            body, at=at, people=people[thread_id], thread_id=thread_id, has_file=False
        )
        *place, numbers = entry.rstrip("\n").split("\t")
        assert place == [thread_id, seq, moment]
        assert sorted(map(int, numbers.strip("{}").split(","))) == found
