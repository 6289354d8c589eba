"""Upgrade an installation from any commit to this one while people write, and count what fails.

    python -m tests.upgrading --from HEAD~1

Run by hand: it needs the history of the repository, which a copy may lack. It starts web and worker with
the code of that commit on a PostgreSQL of its own, upgrades the schema with the code here, starts web and
worker of here beside them, lets both serve, and stops the old ones. Meanwhile people send, read and poll at
whatever serves. In the end every acknowledged message must be there once, and `wellchat verify` must find
nothing. Both run on the libraries that are installed here. The exit status is 1 if anything failed.
"""

from __future__ import annotations

# ruff: noqa: T201
import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from tests.faults.parts import Part, python
from tests.history.driving import HttpDoor
from tests.history.recording import Request
from tests.services import database_on, fetch, free_port, postgresql, wait_for
from wellchat.embedded import Valkey

ROOT = Path(__file__).parent.parent
PEOPLE = ("client", "professional")


class Side:
    """The code of one commit: its commands, its web and its worker."""

    def __init__(self, name: str, tree: Path, folder: Path, env: dict[str, str]) -> None:
        self.name, self.tree, self.port = name, tree, free_port()
        # Ahead of what is installed: the code of this tree is what runs.
        self.env = {**env, "PYTHONPATH": str(tree), "PYTHONWARNINGS": "ignore"}
        self.url = f"http://127.0.0.1:{self.port}"
        words = ("wellchat", "serve", "--port", str(self.port), "--workers", "2")
        celery = (
            "celery",
            "-A",
            "worker",
            "worker",
            "-B",
            "-s",
            str(folder / f"beat-{name}"),
            "-P",
            "threads",
        )
        self.web = python(f"web {name}", *words, folder=folder, env=self.env, ready=self._answers)
        self.worker = python(f"worker {name}", *celery, "-l", "warning", folder=folder, env=self.env)
        for part in self.parts:
            part.options["cwd"] = tree

    @property
    def parts(self) -> tuple[Part, Part]:
        return self.web, self.worker

    def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            return fetch(f"{self.url}/readyz")[0] == 200
        return False

    def run(self, *words: str) -> str:
        command = [sys.executable, "-m", "wellchat", *words]
        env = {**os.environ, **self.env}
        done = subprocess.run(command, env=env, cwd=self.tree, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{self.name}: wellchat {' '.join(words)}: {done.stderr}")
        return done.stdout.strip()

    def start(self) -> None:
        for part in self.parts:
            part.start()
        self.web.wait_until_ready()


class Traffic:
    """People who send, read and poll, in turn at each of the addresses that serve at the moment."""

    def __init__(self, tokens: dict[str, str], thread_id: str) -> None:
        self.tokens, self.thread_id = tokens, thread_id
        self.serving: list[Side] = []
        self.done: Counter[str] = Counter()  # acts by side
        self.failed: list[str] = []
        self.sent: dict[str, int] = {}  # client key -> seq
        self.over = threading.Event()
        self.people = [
            threading.Thread(target=self._live, args=[name, number]) for name in tokens for number in range(2)
        ]

    def _live(self, name: str, number: int) -> None:
        acts, cursor = 0, ""
        while not self.over.is_set():
            side, acts = self.serving[acts % len(self.serving)], acts + 1
            door, key = HttpDoor(side.url), f"{name}-{number}-{acts}"
            thread = f"/api/threads/{self.thread_id}"
            say = Request("send", "POST", f"{thread}/messages", body={"body": key, "client_key": key})
            made = self._ask(door, side, name, say)
            if made:
                self.sent[key] = made["message"]["seq"]
                seen = Request("read", "PUT", f"{thread}/read", body={"seq": self.sent[key]})
                self._ask(door, side, name, seen)
            page = self._ask(door, side, name, Request("list", "GET", "/api/threads", {"limit": 10}))
            cursor = cursor or page.get("cursor", "")
            news = self._ask(door, side, name, Request("poll", "GET", "/api/updates", {"since": cursor}))
            cursor = news.get("cursor", cursor)
            door.close()

    def _ask(self, door: HttpDoor, side: Side, name: str, wish: Request) -> dict[str, Any]:
        try:
            status, answer, _ = door.ask(wish, self.tokens[name])
        except Exception as error:
            status, answer = 0, {"error": repr(error)}
        # As behind a proxy: a side is left before it goes away.
        if side not in self.serving:
            return answer if status < 300 else {}
        self.done[side.name] += 1
        if status not in (200, 201, 204):
            self.failed.append(f"{side.name}: {wish.op}: {status} {answer}")
            return {}
        return answer

    def more(self, *sides: Side, acts: int = 60) -> None:
        """Let each of these sides, and no other, serve so many acts more."""
        self.serving = list(sides)
        target = {side.name: self.done[side.name] + acts for side in sides}
        wait_for(
            lambda: all(self.done[name] >= many for name, many in target.items()), seconds=120, what="acts"
        )


def check_out(revision: str, into: Path) -> Path:
    """Return a folder with the files of a commit."""
    archive = subprocess.run(["git", "archive", revision], cwd=ROOT, capture_output=True, check=True)
    into.mkdir()
    subprocess.run(["tar", "-x", "-C", into], input=archive.stdout, check=True)
    return into


def people_of(old: Side) -> tuple[dict[str, str], str]:
    """Make two people with the commands of the old code. Return their tokens, and their thread."""
    addresses = {role: f"{role}@example.com" for role in PEOPLE}
    secret = ("--password", "correct horse 7")
    made = [old.run("user", "create", addresses[r], "--name", r, "--role", r, *secret) for r in PEOPLE]
    old.run("connect", *addresses.values())
    tokens = {role: old.run("token", "create", address) for role, address in addresses.items()}
    old.start()
    wish = Request("open", "POST", "/api/threads", body={"with": made[1]})
    opened = HttpDoor(old.url).ask(wish, tokens[PEOPLE[0]])
    return tokens, opened[1]["thread"]["id"]


def upgrade(revision: str, server: str, redis: str, folder: Path) -> Traffic:
    """Do it once. Return the traffic with what it met."""
    with database_on(server, "upgrading") as url:
        env = {
            "WELLCHAT_DATABASE_URL": url,
            "WELLCHAT_REDIS_URL": redis,
            "WELLCHAT_INSTANCE": str(folder / "instance"),
            "WELLCHAT_SECRET_KEY": "0123456789abcdef" * 2,
            "WELLCHAT_RATE_LIMITS": "off",
        }
        old = Side("old", check_out(revision, folder / "tree"), folder, env)
        new = Side("new", ROOT, folder, env)
        old.run("db", "upgrade")
        traffic = None
        try:
            traffic = Traffic(*people_of(old))
            traffic.serving = [old]
            for person in traffic.people:
                person.start()
            traffic.more(old)
            new.run("db", "upgrade")
            traffic.more(old)
            new.start()
            traffic.more(old, new)
            traffic.more(new)
            for part in old.parts:
                part.stop()
            traffic.more(new)
        finally:
            if traffic:
                traffic.over.set()
                for person in traffic.people:
                    person.join()
            for part in (*new.parts, *old.parts):
                part.stop()
        for_both = (*old.parts, *new.parts)
        traffic.failed += [f"{p.name}: {line}" for p in for_both for line in complaints(p)]
        traffic.failed += missing(traffic, url)
        report = json.loads(new.run("verify", "--json"))
        traffic.failed += [f"verify: {each}" for each in report["checks"] if each["broken"]]
    return traffic


def complaints(part: Part) -> list[str]:
    """Return what a process wrote that speaks of a fault."""
    lines = part.log.read_text(errors="replace").splitlines()
    return [line for line in lines if "Traceback" in line or " ERROR" in line or "CRITICAL" in line]


def missing(traffic: Traffic, url: str) -> list[str]:
    """Return which acknowledged messages are not there exactly once, with their number."""
    from sqlalchemy import create_engine, text

    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT client_key, seq FROM messages")).all()
    engine.dispose()
    found = Counter((key, seq) for key, seq in rows)
    return [f"{key} is {found[key, seq]} times" for key, seq in traffic.sent.items() if found[key, seq] != 1]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--from", dest="revision", default="HEAD~1", help="the commit that runs before")
    revision = parser.parse_args().revision
    with tempfile.TemporaryDirectory(prefix="wellchat-upgrading-") as name, postgresql() as server:
        folder = Path(name)
        (folder / "valkey").mkdir()
        with Valkey(folder / "valkey") as redis:
            traffic = upgrade(revision, server, str(redis), folder)
    print(f"from {revision}: {dict(traffic.done)} calls, {len(traffic.sent)} messages acknowledged")
    for line in traffic.failed[:20]:
        print("FAILED", line)
    return 1 if traffic.failed else 0


if __name__ == "__main__":
    sys.exit(main())
