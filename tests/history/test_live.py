"""Random clients against real web processes, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.databases import migrate
from tests.history import world
from tests.history.driving import HttpDoor
from tests.history.world import SEED, examine
from tests.services import Command, free_port
from wellchat import create_app
from wellchat.clock import now
from wellchat.config import read_settings

pytestmark = pytest.mark.slow


@contextmanager
def serving(
    settings: Mapping[str, str], folder: Path, *, workers: int, grace: int = 2
) -> Iterator[world.Place]:
    """Web processes of our own, and a door to their data. `grace`: seconds that requests have on a stop."""
    env = {
        "WELLCHAT_INSTANCE": str(folder),
        "WELLCHAT_RATE_LIMITS": "off",
        "WELLCHAT_ADDRESS_SHARE": "100",  # every client here comes from one address
        "WELLCHAT_SECRET_KEY": "0123456789abcdef" * 2,
        **settings,
    }
    app = create_app(read_settings(env), TESTING=True)
    with app.app_context():
        migrate(app)
    port = free_port()
    web = Command(
        "wellchat", "serve", "--port", str(port), "--workers", str(workers), "--grace", str(grace), env=env
    )
    try:
        for _ in range(workers):
            web.wait_until_says("wellchat answers on")
        yield world.Place(app, f"http://127.0.0.1:{port}", web)
    except BaseException:
        print(web.output[-4000:])  # noqa: T201 - shown with the failure
        raise
    finally:
        web.stop()


def against(place: world.Place, folder: Path) -> None:
    with place.app.app_context():
        crowd = world.crowd(world.people(now()), lambda: HttpDoor(place.url), seed=SEED)
    crowd.run(50)
    history = crowd.finish()
    assert history.calls, "nobody did anything"
    examine(history, folder, late=5)


def test_on_sqlite(valkey_url: str, tmp_path: Path) -> None:
    with serving({"WELLCHAT_REDIS_URL": valkey_url}, tmp_path, workers=1) as place:
        against(place, tmp_path)


def test_on_postgresql(postgresql_url: str, valkey_url: str, tmp_path: Path) -> None:
    """Two processes share the database; a device may be answered by either."""
    settings = {"WELLCHAT_DATABASE_URL": postgresql_url, "WELLCHAT_REDIS_URL": valkey_url}
    with serving(settings, tmp_path, workers=2) as place:
        against(place, tmp_path)
