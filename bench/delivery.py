"""Hold waiting polls, and send messages to them; each message carries the moment it was sent."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from bench.load import Answer, Connection, WrongAnswer, connect, request
from bench.stage import Pair
from bench.world import token_of

WAIT = 25  # seconds a poll may hang: the longest that a server grants by default
EARLY = 5.0  # an empty answer sooner than this was no waiting at all
# Seconds after which a poll counts as held: a poll that is not held is answered by then. Each starts again
# after WAIT, so one in a hundred of all held polls is too young to count.
A_MOMENT = WAIT / 100
SENDERS = 20  # connections that messages are sent over


class Watch:
    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: dict[int, float] = {}  # when each poll that hangs now was asked
        self.arrived: dict[str, float] = {}  # body -> seconds from send to arrival, at the one it was sent to
        self.sent: set[str] = set()
        self.early = 0  # polls that the server would not hold
        self.errors: list[str] = []
        self._people: list[asyncio.Task[None]] = []
        self._ending = False

    @property
    def held(self) -> int:
        """Return how many polls are held, and have been for a moment."""
        now = time.perf_counter()
        return sum(now - asked > A_MOMENT for asked in self.asked.values())

    async def hold(
        self,
        pairs: Sequence[Pair],
        cursors: Mapping[str, str],
        *,
        side: Literal["client_id", "professional_id"],
        pace: int = 200,
    ) -> None:
        """Let one person of each pair wait, starting `pace` of them per second."""
        people = {getattr(pair, side): None for pair in pairs}
        for number, user_id in enumerate(people):
            connection = await connect(self.port)
            self._people.append(
                asyncio.create_task(self._wait(number, connection, user_id, cursors[user_id]))
            )
            if number % 20 == 19:
                await asyncio.sleep(20 / pace)

    async def _wait(self, number: int, connection: Connection, user_id: str, cursor: str) -> None:
        try:
            while not self._ending:
                path = f"/api/updates?since={cursor}&wait={WAIT}"
                self.asked[number] = time.perf_counter()
                answer = await connection.ask(request("GET", path, token=token_of(user_id)))
                taken = time.perf_counter() - self.asked.pop(number)
                if answer.status == 204:
                    self.early += taken < EARLY and not self._ending
                    continue
                cursor = self._read(answer, user_id)
        except (OSError, WrongAnswer) as error:
            self.errors.append(repr(error))
        finally:
            connection.abort()

    def _read(self, answer: Answer, user_id: str) -> str:
        if answer.status != 200:
            raise WrongAnswer(f"{answer.status} {answer.body[:200]!r}")
        now, update = time.perf_counter(), answer.json()
        for message in update["messages"]:
            body = message["body"] or ""
            if body in self.sent and message["sender_id"] != user_id:
                self.arrived.setdefault(body, now - float(body.split()[0]))
        cursor: str = update["cursor"]
        return cursor

    async def send(
        self, pairs: Sequence[Pair], *, seconds: float, per_second: float, by: Any = "client_id"
    ) -> None:
        """Send messages at random moments, from one person of a pair to the other."""
        idle: asyncio.Queue[Connection] = asyncio.Queue()
        for _ in range(SENDERS):
            idle.put_nowait(await connect(self.port))
        chance = random.Random(11)
        end, due, under_way = time.perf_counter() + seconds, time.perf_counter(), set()
        while (due := due + chance.expovariate(per_second)) < end:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            task = asyncio.create_task(self._send_one(await idle.get(), idle, chance.choice(pairs), by))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)
        while not idle.empty():
            idle.get_nowait().abort()

    async def _send_one(
        self, connection: Connection, idle: asyncio.Queue[Connection], pair: Pair, by: str
    ) -> None:
        body = f"{time.perf_counter():.7f} {random.getrandbits(64):x}"
        self.sent.add(body)
        path, message = (
            f"/api/threads/{pair.thread_id}/messages",
            {"body": body, "client_key": body.split()[1]},
        )
        answer = await connection.ask(request("POST", path, token=token_of(getattr(pair, by)), body=message))
        if answer.status != 201:
            self.errors.append(f"{answer.status} {answer.body[:200]!r}")
        idle.put_nowait(connection)

    async def end(self) -> list[float]:
        """Return the seconds from send to arrival of each message.

        Raises WrongAnswer for any error, and for a message that did not arrive.
        """
        await asyncio.sleep(1.5)
        self._ending = True
        for person in self._people:
            person.cancel()
        await asyncio.gather(*self._people, return_exceptions=True)
        if self.errors:
            raise WrongAnswer(f"{len(self.errors)} errors, the first: {self.errors[0]}")
        if lost := len(self.sent) - len(self.arrived):
            raise WrongAnswer(f"{lost} of {len(self.sent)} messages did not arrive")
        return list(self.arrived.values())
