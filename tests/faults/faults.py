"""The faults. Each is done to a running installation and undone; it returns when it was over."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from celery import Celery
from sqlalchemy import select

from tests.faults.installation import Installation
from tests.faults.parts import Part
from wellchat import task_queue
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


@fault("Redis is a replica")
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    """It says READONLY, and lets nobody wait."""
    house.ask_redis("REPLICAOF", "127.0.0.1", "1")
    time.sleep(seconds)
    house.ask_redis("REPLICAOF", "NO", "ONE")


@fault("Redis has no memory")
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    house.ask_redis("CONFIG", "SET", "maxmemory", "1")
    time.sleep(seconds)
    house.ask_redis("CONFIG", "SET", "maxmemory", "0")


@fault("Redis wants a password")
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    house.ask_redis("CONFIG", "SET", "requirepass", "secret")
    house.redis.cut()
    time.sleep(seconds)
    house.ask_redis("CONFIG", "SET", "requirepass", "", password="secret")


@fault("Redis ends all connections")
def _(house: Installation, rng: random.Random, _: float) -> None:
    for _ in range(5):
        house.redis.cut()
        time.sleep(0.1)


@fault("doorbells of long ago")
def _(house: Installation, rng: random.Random, _: float) -> None:
    sender = Celery(broker=f"redis+socket://{house.parts['valkey'].folder / 'valkey.sock'}")
    for number in range(500):
        kwargs = {"thread_ids": [f"none{number}"]}
        options = {"expires": task_queue.EXPIRES, "priority": task_queue.PRIORITY}
        sender.send_task("messaging.tell", kwargs=kwargs, ignore_result=True, **options)
    sender.close()


# Processes that stand still, and more of them than there should be


@fault("web stands still")
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    _stand_still(rng.choice(house.webs()), seconds)


@fault("worker stands still")
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    _stand_still(house.parts["worker"], seconds)


def _stand_still(part: Part, seconds: float) -> None:
    assert part.process
    os.killpg(part.process.pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.killpg(part.process.pid, signal.SIGCONT)


@fault("two workers")
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    words = ("celery", "-A", "worker", "worker", "-P", "threads", "-c", "2", "-n", "second@%h")
    second = house.program("second-worker", *words)
    second.start()
    time.sleep(2 + seconds)
    second.kill()


# The mail server


@fault("mail server hangs")
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    house.smtp.hang()
    time.sleep(seconds)
    if rng.random() < 0.5:
        house.smtp.cut()
    house.smtp.resume()


@fault("mail server refuses")
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    house.smtp.refuse()
    time.sleep(seconds)
    house.smtp.accept()


@fault("mail server says later")
def _(house: Installation, rng: random.Random, _: float) -> None:
    house.mail.replies = rng.choices(["451 later", "421 going down", "452 full", None], k=8)


# The database


@fault("PostgreSQL is read-only", on=("postgresql",))
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    """As at a failover."""
    _with_setting(house, "default_transaction_read_only", "on", seconds)


@fault("PostgreSQL gives up statements", on=("postgresql",))
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    _with_setting(house, "statement_timeout", rng.choice(("1ms", "5ms", "20ms")), seconds)


def _with_setting(house: Installation, name: str, value: str, seconds: float) -> None:
    house.ask_postgresql(f"ALTER SYSTEM SET {name} = '{value}'", "SELECT pg_reload_conf()")
    time.sleep(seconds)
    house.ask_postgresql(f"ALTER SYSTEM RESET {name}", "SELECT pg_reload_conf()")


@fault("PostgreSQL ends all connections", on=("postgresql",))
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    for _ in range(5):
        house.ask_postgresql(others)
        time.sleep(seconds / 5)


@fault("a long reader", on=("sqlite",))
def _(house: Installation, rng: random.Random, seconds: float) -> None:
    """The log (WAL) cannot be reset meanwhile."""
    reader = sqlite3.connect(house.folder / "instance" / "wellchat.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM messages").fetchone()
    time.sleep(seconds)
    reader.close()


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
