"""A process is complete before its first request, because the first two may come at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

ALL_READY = """
from sqlalchemy import inspect
from wellchat import create_app
create_app()
from wellchat.messaging.queries import Last, Mine, Other, Theirs

import pytest
assert all("c" in vars(inspect(alias).selectable) for alias in (Mine, Theirs, Last, Other))
"""


@pytest.mark.slow
def test_shared_aliases_have_their_columns_once_the_application_is_created(tmp_path) -> None:
    """SQLAlchemy completes an alias at its first use.

    Two threads doing so at once would break it for good.
    """
    env = {"WELLCHAT_INSTANCE": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", ALL_READY], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
