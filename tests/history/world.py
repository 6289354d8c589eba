"""Clients and professionals who all know each other, in a database of the product, and their devices."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask

from tests.history.checking import check
from tests.history.clients import Device, Habits, Person
from tests.history.driving import Crowd, Door
from tests.history.findings import spell_out
from tests.history.recording import History
from tests.services import Command
from wellchat.accounts.actions import create_token, create_user
from wellchat.changes.queries import cursor_now
from wellchat.connections.actions import connect
from wellchat.db import db

SEED = int(os.environ.get("HISTORY_SEED", "1"))


class Place(NamedTuple):
    """Where wellchat runs: an application on its data, its address, and its process."""

    app: Flask
    url: str
    web: Command


def examine(history: History, folder: Path, **promises: Any) -> None:
    """Fails with what the checker found, and leaves the history for a closer look."""
    if found := check(history, **promises):
        history.save(folder / "history.jsonl")
        pytest.fail("\n".join([f"seed {SEED}, history in {folder}", *spell_out(found)]))


def people(now: datetime, *, clients: int = 2, professionals: int = 2, name: str = "user") -> list[Person]:
    """Call it in the application's context."""
    made = [
        create_user(email=f"{name}{i}@example.com", name=f"{name} {i}", role=role, password=None, now=now)
        for i, role in enumerate(["client"] * clients + ["professional"] * professionals)
    ]
    sides = made[:clients], made[clients:]
    for client in sides[0]:
        for professional in sides[1]:
            connect(client_id=client.id, professional_id=professional.id, now=now)
    found = []
    for user in made:
        others = sides[1] if user in sides[0] else sides[0]
        found.append(Person(user.id, create_token(user_id=user.id, now=now), [other.id for other in others]))
    db.session.remove()
    return found


def crowd(
    persons: list[Person],
    door: Callable[[], Door],
    *,
    seed: int,
    devices: int = 2,
    habits: Habits | None = None,
) -> Crowd:
    """Everybody with so many devices each, at so many doors. Call it in the application's context."""
    made = []
    for number, person in enumerate(persons):
        for each in range(devices):
            rng = random.Random(f"{seed}.{number}.{each}")
            device = Device(f"{number}/{each}", person, rng, habits or Habits())
            device.strays = [str(cursor_now(other)) for other in person.others]
            made.append(device)
    db.session.remove()
    return Crowd(made, door)
