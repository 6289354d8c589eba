"""The loop that ends with exactly what a reload shows, whatever crashes in between."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

from wellchat_client.client import MAX_WAIT, Client, pause_after
from wellchat_client.errors import NoAnswer, Resync, TooFast
from wellchat_client.shapes import Update


class Follower:
    """Follows what changes for the person of a client.

    `apply(update)` puts the current state of what changed in place of yours; the same update may come twice.
    `save(cursor)` keeps the cursor, after `apply` returned: where you keep both in one transaction, a crash
    between them is no matter either. `reload()` loads your whole state; it is called where there is no cursor
    yet, and where the server cannot follow yours (410). What these three raise ends the loop.
    """

    def __init__(
        self,
        client: Client,
        *,
        apply: Callable[[Update], object],
        reload: Callable[[], object] = lambda: None,
        save: Callable[[str], object] = lambda cursor: None,
        wait: float = MAX_WAIT,
    ) -> None:
        self._client = client
        self._apply = apply
        self._reload = reload
        self._save = save
        self._wait = wait
        self._stopped = Event()

    def stop(self) -> None:
        """End the loop. A poll that hangs is waited for."""
        self._stopped.set()

    def run(self, cursor: str | None = None) -> None:
        """Follow from a cursor, until `stop` is called. Raises NotSignedIn; Refused for a bad cursor."""
        if cursor is None:
            # Read before the state is loaded: what changes meanwhile comes again, and nothing is missed.
            cursor = self._resync(self._client.me()["cursor"])
        failures = 0
        while not self._stopped.is_set():
            # A poll that hangs would not show that the server is well again.
            wait = 0.0 if failures else self._wait
            started = time.monotonic()
            try:
                update = self._client.poll(cursor, wait=wait)
            except Resync as resync:
                cursor, failures = self._resync(resync.cursor), 0
                continue
            except (NoAnswer, TooFast) as error:
                failures += 1
                self._stopped.wait(pause_after(error, failures))
                continue
            if update is not None:
                self._apply(update)
                cursor = update["cursor"]
                self._save(cursor)
            elif not failures and not (wait and time.monotonic() - started >= wait / 2):
                # The server did not let it hang: its pace for short polls counts.
                self._stopped.wait(self._client.poll_interval)
            failures = 0

    def _resync(self, cursor: str) -> str:
        self._reload()
        self._save(cursor)
        return cursor
