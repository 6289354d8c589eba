"""Compute made-up worlds to measure in: how large, who writes to whom, and how much.

Nothing is stored twice. Threads are numbered from 0; a lower number has more messages. Messages are inserted
in the order of time, a round through all threads per seq, so that a thread's messages are as scattered in the
table as real ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from random import Random

from wellchat.search import tokens

VERSION = 4  # of what is made here: a kept database of another one is loaded anew
RETAINED_CHANGES = 10_000  # rows of each change log that trimming leaves
MAX_LENGTH = 5_000  # messages of one thread
BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
NEVER = "9000-01-01 00:00:00+00"  # when the tokens of a world end
TALK = "see you at nine tomorrow is the lesson still on yes thanks bring the green one and your notes"
WORDS = TALK.split()
BODIES = [
    " ".join(random.choices(WORDS, k=max(1, int(random.lognormvariate(2.2, 0.9)))))
    for random in [Random(7)]
    for _ in range(2000)
]


@dataclass(frozen=True)
class Size:
    name: str
    threads: int
    messages: int  # about
    star_threads: int  # of one professional, who has more than anybody
    star_unread: int  # threads of theirs with something unread
    kept: bool = False


SIZES = {
    size.name: size
    for size in (
        Size("tiny", threads=200, messages=1_000, star_threads=40, star_unread=4),
        Size("small", threads=1_000, messages=10_000, star_threads=100, star_unread=100),
        # Each second thread is the star's: nobody meets them twice.
        Size("ten", threads=20_000, messages=40_000, star_threads=10_000, star_unread=100),
        Size("twenty", threads=40_000, messages=80_000, star_threads=20_000, star_unread=200),
        Size("crowd", threads=30_000, messages=60_000, star_threads=100, star_unread=10),
        Size(
            "large", threads=1_000_000, messages=10_000_000, star_threads=20_000, star_unread=200, kept=True
        ),
    )
}


def new_id(kind: int, number: int) -> str:
    """Return the id of a number: 13 characters, as scattered as a random one."""
    return f"{(number * 8 + kind) * 2_862_933_555_777_941_757 % 2**52:013x}"


def client_id(number: int) -> str:
    return new_id(1, number)


def professional_id(number: int) -> str:
    return new_id(2, number)


def thread_id(number: int) -> str:
    return new_id(3, number)


def token_of(user_id: str) -> str:
    return f"bench-token-of-{user_id}"


def at(place: int) -> str:
    """Return when a message was sent, as text: ten seconds after the one before."""
    return f"{BEGAN + timedelta(seconds=place // 100 * 600):%Y-%m-%d %H:%M:%S}.{place % 100 * 9999:06d}+00"


def _numbers(*texts: str) -> str:
    return ",".join(str(tokens.number(text)) for text in texts)


def _numbers_of_words(body: str) -> str:
    nowhere = tokens.number(tokens.in_thread(""))
    found = tokens.message_tokens(body, at=BEGAN, people=(), thread_id="", has_file=False)
    return ",".join(str(number) for number in found if number != nowhere)


class World:
    def __init__(self, size: Size) -> None:
        self.size = size
        # no divisor of the star's stride: nobody meets the star twice
        self.clients = size.threads * 3 // 5 + 1
        self.professionals = max(3, size.threads // 40)
        self.stride = size.threads // size.star_threads

    @cached_property
    def counts(self) -> list[int]:
        """Return the messages of each thread, falling: a few are very long, most short."""
        threads = self.size.threads
        shares = [((i + 0.5) / threads) ** -0.6 for i in range(threads)]
        scale = self.size.messages / sum(shares)
        return [min(MAX_LENGTH, max(1, round(share * scale))) for share in shares]

    @cached_property
    def before_round(self) -> list[int]:
        """Return how many messages come before the round of message `seq`."""
        said, live = [0, 0], self.size.threads
        for seq in range(1, self.counts[0] + 1):
            while live and self.counts[live - 1] < seq:
                live -= 1
            said.append(said[-1] + live)
        return said

    def client(self, thread: int) -> int:
        return thread % self.clients

    def professional(self, thread: int) -> int:
        """Return the professional of a thread: 0 is the star; lower numbers are busier."""
        if thread % self.stride == 0:
            return 0
        client, again = thread % self.clients, thread // self.clients
        drawn = (client * 2_654_435_761 % 2**32) / 2**32
        return 1 + (int((self.professionals - 1) * drawn**2) + again) % (self.professionals - 1)

    def by_client(self, thread: int, seq: int) -> bool:
        """Return whether the client sent this message: the two take turns."""
        return (thread + seq) % 3 != 0

    def unread(self, thread: int) -> int:
        """Return how many last messages of a thread the recipient has not read."""
        if thread % self.stride == 0:
            star_thread = thread // self.stride
            step = self.size.star_threads // self.size.star_unread
            return int(star_thread % step == 3 % step)
        return 1 if thread % 20 == 7 else 0

    def last_said(self, thread: int) -> int:
        """Return the position of a thread's last message among all messages."""
        return self.before_round[self.counts[thread]] + thread

    # The tables, as lines of PostgreSQL's COPY

    def users(self) -> Iterator[str]:
        for people, make, role in (
            (self.clients, client_id, "client"),
            (self.professionals, professional_id, "professional"),
        ):
            for n in range(people):
                person = f"{make(n)}\t{role}{n}@bench.example\t{role.title()} {n}\t{role}"
                yield f"{person}\tUTC\tt\t1\t{at(0)}\t{at(0)}\n"

    def user_ids(self) -> Iterator[str]:
        yield from map(client_id, range(self.clients))
        yield from map(professional_id, range(self.professionals))

    def tokens(self) -> Iterator[str]:
        for user_id in self.user_ids():
            digest = hashlib.sha256(token_of(user_id).encode()).hexdigest()
            yield f"{user_id}\t{user_id}\t\t{digest}\t{at(0)}\t{NEVER}\n"

    def presences(self) -> Iterator[str]:
        for n in range(0, self.clients, 3):
            yield f"{client_id(n)}\t{at(n)}\t\\N\n"

    def connections(self) -> Iterator[str]:
        for n in range(self.size.threads):
            pair = f"{client_id(self.client(n))}\t{professional_id(self.professional(n))}"
            yield f"{new_id(4, n)}\t{pair}\t{at(0)}\n"

    def subjects(self) -> Iterator[str]:
        for n in range(0, self.size.threads, 3):
            people = f"{professional_id(self.professional(n))}\t{client_id(self.client(n))}"
            yield f"{new_id(5, n)}\tbooking\tB-{n}\tBooking {n}\t{people}\t{at(n)}\t{at(0)}\t{at(0)}\n"

    def threads(self) -> Iterator[str]:
        for n in range(self.size.threads):
            connection, last = new_id(4, n), at(self.last_said(n))
            people = f"{client_id(self.client(n))}\t{professional_id(self.professional(n))}"
            key = f"connection:{connection}\tconnection\t{connection}"
            yield f"{thread_id(n)}\t{key}\t{people}\t{self.counts[n]}\t{at(0)}\t{last}\n"

    def memberships(self) -> Iterator[str]:
        for n in range(self.size.threads):
            count, last = self.counts[n], at(self.last_said(n))
            said_by_client = self.by_client(n, count)
            for user_id, waits in (
                (client_id(self.client(n)), not said_by_client),
                (professional_id(self.professional(n)), said_by_client),
            ):
                read = count - self.unread(n) * waits
                yield f"{thread_id(n)}\t{user_id}\t{count}\t{read}\t{count}\t0\tf\t{last}\n"

    def said(self) -> Iterator[tuple[int, int, int]]:
        """Yield (position, seq, thread) of all messages in the order of time."""
        place, live, counts = 0, self.size.threads, self.counts
        for seq in range(1, counts[0] + 1):
            while counts[live - 1] < seq:
                live -= 1
            for n in range(live):
                yield place, seq, n
                place += 1

    def messages(self) -> Iterator[str]:
        threads = [thread_id(n) for n in range(self.size.threads)]
        people = [
            (professional_id(self.professional(n)), client_id(self.client(n)))
            for n in range(self.size.threads)
        ]
        for place, seq, n in self.said():
            if place % 100 == 0:
                moment = at(place)[:20]
            said = f"{people[n][(n + seq) % 3 != 0]}\t{BODIES[place * 7919 % 2000]}\t{place:013x}"
            yield f"{threads[n]}\t{seq}\t{said}\t{moment}{place % 100 * 9999:06d}+00\n"

    def search_entries(self) -> Iterator[str]:
        """Yield the tokens of each message, as tokens.message_tokens would, from parts that many share."""
        threads = [thread_id(n) for n in range(self.size.threads)]
        people = [
            (professional_id(self.professional(n)), client_id(self.client(n)))
            for n in range(self.size.threads)
        ]
        always = [
            _numbers(tokens.in_thread(thread), *map(tokens.for_user, pair))
            for thread, pair in zip(threads, people, strict=True)
        ]
        bodies = [_numbers_of_words(body) for body in BODIES]
        for place, seq, n in self.said():
            if place % 100 == 0:
                moment = at(place)[:20]
                said_at = datetime.fromisoformat(at(place))
            of_time = ",".join(
                _numbers(tokens.in_year(person, said_at), tokens.in_month(person, said_at))
                for person in people[n]
            )
            found = f"{{{always[n]},{of_time},{bodies[place * 7919 % 2000]}}}"
            yield f"{threads[n]}\t{seq}\t{moment}{place % 100 * 9999:06d}+00\t{found}\n"

    def lengths(self) -> dict[str, int]:
        """Return the length of each person's change log."""
        found = dict.fromkeys(self.user_ids(), 0)
        for n, count in enumerate(self.counts):
            found[client_id(self.client(n))] += count
            found[professional_id(self.professional(n))] += count
        return found

    def change_logs(self) -> Iterator[str]:
        for user_id, length in self.lengths().items():
            yield f"{user_id}\t{length}\t{max(0, length - RETAINED_CHANGES)}\t{length}\t0\n"

    def changes(self) -> Iterator[str]:
        left = self.lengths()
        ends = dict(left)
        people = [
            (client_id(self.client(n)), professional_id(self.professional(n)))
            for n in range(self.size.threads)
        ]
        for _, seq, n in self.said():
            for user_id in people[n]:
                left[user_id] -= 1
                if left[user_id] < RETAINED_CHANGES:
                    yield f"{user_id}\t{ends[user_id] - left[user_id]}\tmessage\t{thread_id(n)}\t{seq}\n"

    def notifications(self) -> Iterator[str]:
        for n in range(self.size.threads):
            count, moment = self.counts[n], at(self.last_said(n))
            people = (professional_id(self.professional(n)), client_id(self.client(n)))
            told, actor = people if self.by_client(n, count) else people[::-1]
            group, seqs = f"thread:{thread_id(n)}\t{actor}\t{thread_id(n)}\t1", f"{count}\t{count}"
            read = "\\N" if self.unread(n) else moment
            words, moments = "Somebody\tHello\t{}", f"{read}\t{moment}\t{moment}"
            yield f"{new_id(6, n)}\t{told}\tmessage\t{group}\t{seqs}\t{words}\t{moments}\n"


COLUMNS = {
    "users": "id, email, name, role, time_zone, open_to_clients, session_epoch, verified_at, created_at",
    "tokens": "id, user_id, name, digest, created_at, ends_at",
    "presences": "user_id, seen_at, thread_id",
    "connections": "id, client_id, professional_id, created_at",
    "subjects": "id, kind, external_id, title, professional_id, client_id, starts_at, created_at, updated_at",
    "threads": "id, key, key_scope, connection_id, client_id, professional_id, last_seq, created_at,"
    " updated_at",
    "memberships": "thread_id, user_id, last_seq, last_read_seq, delivered_seq, mailed_seq, archived,"
    " updated_at",
    "messages": "thread_id, seq, sender_id, body, client_key, created_at",
    "search_entries": "thread_id, seq, at, tokens",
    "change_logs": "user_id, last_seq, floor_seq, acked_seq, access_seq",
    "changes": "user_id, seq, kind, thread_id, message_seq",
    "notifications": "id, user_id, kind, group_key, actor_id, thread_id, count, first_seq, last_seq, title,"
    " preview,"
    " payload, read_at, created_at, updated_at",
}
