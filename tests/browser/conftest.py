"""Real browsers on machines that have other things to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.house import House, Sit, seats

# How long a test looks for what is to come; how soon it has to come is said where that matters.
expect.set_options(timeout=30_000)


@pytest.fixture
def sit(chromium: Any, house: House, request: pytest.FixtureRequest) -> Iterator[Sit]:
    """People sit down in the `house` of the test's module: see `seats`.

    Where a module says `SERVICE_WORKERS = "allow"`, their browsers have our service worker. Each would fetch
    every file for it anew, a third of what two people cost who write to each other.

    They want no motion, unless a module says `MOTION = "no-preference"`: what is still fading in has other
    colours and another place for who looks at that moment.
    """
    workers = getattr(request.module, "SERVICE_WORKERS", "block")
    motion = getattr(request.module, "MOTION", "reduce")
    with seats(chromium, house, service_workers=workers, reduced_motion=motion) as sit:
        yield sit
