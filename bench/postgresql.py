"""Run the PostgreSQL of a measurement: durable as in production. Its data is kept for the next run."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from tests.services import LeftOut, _connects, _postgresql_binaries, _unprivileged, plain, wait_for
from wellchat.embedded import end_with_parent

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "300",
    "shared_buffers": "1GB",
    "effective_cache_size": "8GB",
    "max_wal_size": "8GB",
    "random_page_cost": "1.1",
}


def kept_folder() -> Path:
    """Return the folder of kept data, under the temporary folder.

    As root, PostgreSQL runs as another user, who must be able to reach it.
    """
    return Path(tempfile.gettempdir()) / f"wellchat-bench-{os.getuid()}"


@contextlib.contextmanager
def postgresql(kept: Path | None) -> Iterator[str]:
    """Yield the URL of a server of our own, without a port.

    Its databases stay in `kept`, where given, for the next run.
    """
    with tempfile.TemporaryDirectory(prefix="wellchat-") as name:
        folder = Path(name)
        owner = _unprivileged(folder)
        binaries = _postgresql_binaries(folder, owner)
        data = _data_folder(kept or folder)
        if not (data / "PG_VERSION").exists():
            initdb: list[str | Path] = [
                binaries / "initdb",
                "-D",
                data,
                "-U",
                "wellchat",
                "--auth=trust",
                "-E",
                "UTF8",
                "--no-locale",
            ]
            subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, **owner)
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [binaries / "postgres", "-D", data, "-k", folder, *settings],
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: end_with_parent(signal.SIGQUIT),
                **owner,
            )
        url = f"postgresql+psycopg://wellchat@/postgres?host={folder}"
        try:
            wait_for(lambda: server.poll() is not None or _connects(url), seconds=120, what="PostgreSQL")
            if server.returncode is not None:
                raise LeftOut(f"PostgreSQL did not start: {(folder / 'log').read_text()[-300:]}")
            yield url
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=120)


def _data_folder(within: Path) -> Path:
    data = within / "data"
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    within.chmod(0o755)
    _unprivileged(data)
    return data


def fresh_database(server: str, name: str) -> str:
    with psycopg.connect(plain(server), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}"')
    return url_of(server, name)


def url_of(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)
