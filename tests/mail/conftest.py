from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mail.world import World, world_on
from tests.services import LeftOut, database_on, postgresql


@pytest.fixture(scope="session")
def own_postgresql() -> Iterator[str]:
    try:
        with postgresql() as url:
            yield url
    except LeftOut as reason:
        pytest.skip(str(reason))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_on(f"sqlite:///{tmp_path / 'test.db'}", tmp_path) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """The same world on each database, for what races."""
    if request.param == "sqlite":
        with world_on(f"sqlite:///{tmp_path / 'test.db'}", tmp_path) as made:
            yield made
        return
    server = request.getfixturevalue("own_postgresql")
    with (
        database_on(server, f"mailing_{abs(hash(request.node.nodeid)) % 10**9}") as url,
        world_on(url, tmp_path) as made,
    ):
        yield made
