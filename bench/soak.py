"""Let people talk for long on the embedded default, and draw what it takes: `python -m bench soak`.

Every minute it adds up memory (PSS), handles, the log and the database of `wellchat up` and its children.
"""

from __future__ import annotations

import json
import random
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from bench.lines import Panel, drawing
from tests.services import Command, free_port
from wellchat import create_app
from wellchat.accounts.actions import create_token, create_user
from wellchat.clock import now
from wellchat.config import read_settings
from wellchat.connections.actions import connect
from wellchat.messaging.threads import open_thread

MB = 1 << 20


@dataclass
class Sample:
    """What stands at one minute. Sizes in MB."""

    minute: float
    memory: dict[str, float]  # PSS by part
    handles: int
    threads: int
    log: float
    database: float
    wal: float
    acknowledged: int


@dataclass(frozen=True)
class Talker:
    """A person with a token, in one thread."""

    token: str
    thread_id: str


class Crowd:
    """People who poll, write, read and edit, each in a thread of this process."""

    def __init__(self, url: str, people: list[Talker], every: float) -> None:
        self.url, self.every = url, every
        self.counts: Counter[str] = Counter()
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._live, args=(each,), daemon=True) for each in people]

    def start(self) -> None:
        for each in self._threads:
            each.start()

    def stop(self) -> None:
        self._ending.set()
        for each in self._threads:
            each.join(30)

    def _live(self, talker: Talker) -> None:
        rng = random.Random(talker.token)
        cursor = self._call(talker, "GET", "/api/me")["cursor"]
        while not self._ending.is_set():
            wait = min(20.0, rng.expovariate(1 / self.every))
            news = self._call(talker, "GET", f"/api/updates?since={cursor}&wait={wait:.0f}")
            cursor = news.get("cursor", cursor)
            self._ending.wait(rng.uniform(0, 1))
            if rng.random() < 0.5:
                self._write(talker, rng)

    def _write(self, talker: Talker, rng: random.Random) -> None:
        path = f"/api/threads/{talker.thread_id}"
        body = {"body": "word " * rng.randint(1, 60), "client_key": f"{rng.getrandbits(64):x}"}
        message = self._call(talker, "POST", f"{path}/messages", body).get("message")
        if message is None:
            return
        self.counts["acknowledged"] += 1
        self._call(talker, "PUT", f"{path}/read", {"seq": message["seq"]})
        if rng.random() < 0.1:
            self._call(talker, "PATCH", f"{path}/messages/{message['seq']}", {"body": "other words"})

    def _call(self, talker: Talker, method: str, path: str, body: object = None) -> dict:
        headers = {"Authorization": f"Bearer {talker.token}", "Content-Type": "application/json"}
        content = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, content, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                self.counts[str(answer.status)] += 1
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as refusal:
            self.counts[str(refusal.code)] += 1
        except OSError as error:
            self.counts[type(error).__name__] += 1
        return {}


@contextmanager
def house(folder: Path, people: int) -> Iterator[tuple[Command, str, list[Talker]]]:
    """Run `wellchat up` in this folder, with people in pairs. Yields (it, its URL, the people)."""
    port = free_port()
    env = {
        "WELLCHAT_INSTANCE": str(folder),
        "WELLCHAT_RATE_LIMITS": "off",
        # All of them come from this machine, and are told of each other's words by mail soon.
        "WELLCHAT_ADDRESS_SHARE": "100",
        "WELLCHAT_EMAIL_DELAY": "60",
    }
    up = Command("wellchat", "up", "--no-demo", "--port", str(port), env=env, anew=True)
    try:
        up.wait_until_says("wellchat is on")
        app = create_app(read_settings(env))
        with app.app_context():
            yield up, f"http://127.0.0.1:{port}", [each for n in range(people // 2) for each in _pair(n)]
    finally:
        up.stop(seconds=120)


def _pair(number: int) -> list[Talker]:
    client = create_user(email=f"c{number}@example.org", name=f"Client {number}", role="client", now=now())
    other = create_user(email=f"p{number}@example.org", name=f"Pro {number}", role="professional", now=now())
    connect(client_id=client.id, professional_id=other.id, now=now())
    thread_id, _ = open_thread(viewer=client, with_id=other.id, now=now())
    return [Talker(create_token(user_id=each.id, now=now()), thread_id) for each in (client, other)]


def measure(up: Command, folder: Path, minute: float, crowd: Crowd) -> Sample:
    """Return what stands now."""
    memory: Counter[str] = Counter()
    handles = threads = 0
    for pid in _family(up.process.pid):
        place = Path(f"/proc/{pid}")
        try:
            words = (place / "cmdline").read_text().replace("\0", " ")
            pss = int((place / "smaps_rollup").read_text().split("\nPss:")[1].split()[0])
            handles += len(list((place / "fd").iterdir()))
            threads += len(list((place / "task").iterdir()))
        except (OSError, IndexError):
            continue  # it has just ended
        memory[_part(words)] += pss / 1024
    database = folder / "wellchat.db"
    return Sample(
        minute=round(minute, 1),
        memory={name: round(size, 1) for name, size in sorted(memory.items())},
        handles=handles,
        threads=threads,
        log=len(up.output) / MB,
        database=database.stat().st_size / MB,
        wal=_size(folder / "wellchat.db-wal") / MB,
        acknowledged=crowd.counts["acknowledged"],
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _family(pid: int) -> list[int]:
    """Return a process and all below it. The kernel lists children by the thread that started them."""
    found = [pid]
    for each in found:
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            try:
                found += map(int, children.read_text().split())
            except OSError:
                continue  # it has just ended
    return found


def _part(words: str) -> str:
    if "valkey" in words:
        return "valkey"
    return next((part for part in ("worker", "serve") if f" {part}" in words), "up").replace("serve", "web")


def draw(samples: list[Sample]) -> str:
    """Return the picture of a run, as SVG."""
    minutes = [each.minute for each in samples]
    parts = sorted({part for each in samples for part in each.memory})
    memory = {part: [each.memory.get(part, 0.0) for each in samples] for part in parts}
    return drawing(
        minutes,
        [
            Panel("Memory, MB (PSS)", {**memory, "all": [sum(each.memory.values()) for each in samples]}),
            Panel(
                "Handles and threads",
                {
                    "handles": [float(each.handles) for each in samples],
                    "threads": [float(each.threads) for each in samples],
                },
            ),
            Panel(
                "Database, MB",
                {"database": [each.database for each in samples], "WAL": [each.wal for each in samples]},
            ),
            Panel("Log, MB", {"log": [each.log for each in samples]}),
        ],
    )


@click.command()
@click.option("--minutes", type=click.FloatRange(0.05), default=60, show_default=True)
@click.option("--people", type=click.IntRange(2), default=40, show_default=True)
@click.option(
    "--every", type=click.FloatRange(0.1), default=8.0, show_default=True, help="Seconds between acts."
)
@click.option(
    "--sample", type=click.FloatRange(1), default=60.0, show_default=True, help="Seconds between samples."
)
@click.option("--to", "target", type=click.Path(path_type=Path), default=Path("soak.svg"), show_default=True)
def soak(minutes: float, people: int, every: float, sample: float, target: Path) -> None:
    """Let people talk on `wellchat up`, and draw memory, handles, log and database."""
    with (
        tempfile.TemporaryDirectory(prefix="wellchat-soak-") as name,
        house(Path(name), people) as (up, url, all_),
    ):
        crowd, samples = Crowd(url, all_, every), list[Sample]()
        crowd.start()
        began = time.monotonic()
        while (passed := time.monotonic() - began) <= minutes * 60:
            samples.append(measure(up, Path(name), passed / 60, crowd))
            click.echo(json.dumps(asdict(samples[-1])))
            target.write_text(draw(samples), encoding="utf-8")
            time.sleep(sample)
        crowd.stop()
    click.echo(f"{target}: {dict(crowd.counts)}")
