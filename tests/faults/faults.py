"""The faults. Each is done to a running installation and undone; it returns when it was over."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from celery import Celery
from sqlalchemy import select

from tests.faults.installation import Installation
from wellchat.db import db
from wellchat.mail.models import Mail
from wellchat.messaging.models import Thread

BOTH = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Fault:
    name: str
    on: tuple[str, ...]
    do: Callable[[Installation, random.Random, float], None]  # the last: how many seconds it may take
    is_polite: bool = False  # nobody should notice: no request is cut off
    boots: bool = False  # when it is over, the web processes have yet to boot

    def possible(self, house: Installation) -> bool:
        return house.database in self.on and not (self.name == "disk full" and house.why_no_small_disk)


FAULTS: list[Fault] = []


def fault(
    name: str, *, on: tuple[str, ...] = BOTH, polite: bool = False, boots: bool = False
) -> Callable[[Any], Any]:
    def register(do: Any) -> Any:
        FAULTS.append(Fault(name, on, do, polite, boots))
        return do

    return register


# The web


@fault("web process killed")
def _(house: Installation, rng: random.Random, _: float) -> None:
    rng.choice(house.webs()).kill_child(0)  # its parent starts another


@fault("whole web group killed", boots=True)
def _(house: Installation, rng: random.Random, _: float) -> None:
    for web in house.webs():
        web.kill()
    for web in house.webs():
        web.start()


@fault("web drained by SIGTERM", polite=True)
def _(house: Installation, rng: random.Random, _: float) -> None:
    web = rng.choice(house.webs())
    web.stop()
    web.start()
    web.wait_until_ready()


@fault("rolling restart", on=("postgresql",), polite=True)
def _(house: Installation, rng: random.Random, _: float) -> None:
    for web in house.webs():
        web.stop()
        web.start()
        web.wait_until_ready()


# The worker and the clock


@fault("worker's child killed")
def _(house: Installation, rng: random.Random, _: float) -> None:
    house.parts["worker"].kill_child(rng.randrange(2))


@fault("worker group killed")
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    house.parts["worker"].kill()
    time.sleep(seconds / 2)
    house.parts["worker"].start()


@fault("beat killed")
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    house.parts["beat"].kill()
    time.sleep(seconds / 2)
    house.parts["beat"].start()


@fault("two beats")
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    second = house.beat("second-beat")
    second.start()
    time.sleep(2 + seconds)
    second.kill()


@fault("tasks twice and late")
def _(house: Installation, rng: random.Random, _: float) -> None:
    """Every doorbell again, five times over, of threads and mails of all ages."""
    with house.looking():
        threads = list(db.session.execute(select(Thread.id)).scalars())
        mails = list(db.session.execute(select(Mail.id).order_by(Mail.created_at.desc()).limit(10)).scalars())
    bells = [("messaging.tell", {"thread_ids": [t]}) for t in threads] + [
        ("mail.deliver", {"mail_ids": [m]}) for m in mails
    ]
    bells += [("sweep", {}), ("digests.send", {})]
    sender = Celery(broker=f"redis+socket://{house.parts['valkey'].folder / 'valkey.sock'}")
    for task, ids in rng.sample(bells * 5, k=len(bells) * 5):
        sender.send_task(task, kwargs=ids, ignore_result=True)
    sender.close()


# Redis


@fault("Redis killed")
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    house.parts["valkey"].kill()
    time.sleep(seconds)
    house.parts["valkey"].start()
    house.parts["valkey"].wait_until_ready()


@fault("Redis flushed")
def _(house: Installation, rng: random.Random, _: float) -> None:
    from redis import Redis

    Redis(unix_socket_path=str(house.parts["valkey"].folder / "valkey.sock")).flushall()


@fault("Redis hangs")
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    house.redis.hang()
    time.sleep(seconds)
    if rng.random() < 0.5:
        house.redis.cut()
    house.redis.resume()


@fault("Redis refuses")
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    house.redis.refuse()
    time.sleep(seconds)
    house.redis.accept()


# The database


@fault("PostgreSQL killed", on=("postgresql",))
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    server = house.parts["postgresql"]
    server.kill()
    time.sleep(seconds / 4)
    server.start()
    server.wait_until_ready()


@fault("PostgreSQL hangs", on=("postgresql",))
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    house.pg.hang()
    time.sleep(seconds)
    if rng.random() < 0.5:
        house.pg.cut()
    house.pg.resume()


@fault("PostgreSQL refuses", on=("postgresql",))
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    house.pg.refuse()
    time.sleep(seconds)
    house.pg.accept()


@fault("PostgreSQL slow", on=("postgresql",))
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    house.pg.delay = rng.choice((0.02, 0.1))
    time.sleep(seconds)
    house.pg.delay = 0.0


@fault("answer of COMMIT dropped", on=("postgresql",))
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    house.pg.commits_to_drop = rng.randint(1, 5)
    deadline = time.monotonic() + seconds + 2
    while house.pg.commits_to_drop and time.monotonic() < deadline:
        time.sleep(0.02)
    house.pg.commits_to_drop = 0


@fault("SQLite locked", on=("sqlite",))
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    """Another process holds the one write lock: for longer than anybody waits, now and then."""
    locker = sqlite3.connect(house.folder / "instance" / "wellchat.db", isolation_level=None, timeout=10)
    locker.execute("BEGIN IMMEDIATE")
    time.sleep(seconds * rng.choice((1, 1, 1, 10)))
    locker.execute("ROLLBACK")
    locker.close()


@fault("disk full", on=("sqlite",))
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    with house.full_disk():
        time.sleep(seconds)
