"""Hold what an installation shows of itself: its name, colour, logo and links, and the words of its trades.

The settings of the environment win. What an owner changes on a page is in the database: a higher package
reads it (`follow`), each process again every few seconds, and puts it into `app.config`, where everybody
looks for settings. So a page costs no statement more, and goes on with what is known when the database is
away.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from wellchat.i18n import language
from wellchat.logos import Logo

log = logging.getLogger(__name__)

CHANGEABLE = ("NAME", "ACCENT_HUE", "SUPPORT_EMAIL", "TERMS_URL", "PRIVACY_URL", "HOME_URL")
LOGO = "BRAND_LOGO"
READ_EVERY = 3.0  # seconds that a process may show what was before
_reading = threading.Lock()


class Trade(NamedTuple):
    """One trade: what its two sides are called, by language, and whether what they talk about is sensitive.

    `labels`: language -> {client, clients, professional, professionals}, each a word or absent.
    """

    labels: Mapping[str, Mapping[str, str]]
    sensitive: bool


class Stored(NamedTuple):
    """The stored brand and trades. `settings` has names of CHANGEABLE."""

    version: int
    settings: Mapping[str, Any]
    logo: Logo | None
    trades: Mapping[str, Trade]


Reader = Callable[[int], Stored | None]
"""(version that is known) -> what is newer; None if nothing is. Called without a transaction."""


class _Known(NamedTuple):
    """The brand as this process knows it. `base`: the settings of the environment, or else the defaults."""

    base: Mapping[str, Any]
    fixed: frozenset[str]
    read: Reader | None = None
    version: int = -1
    good_until: float = 0.0  # time.monotonic()
    trades: Mapping[str, Trade] = {}


# In the configuration, beside the settings that it changes.
KNOWN, EVERY = "BRAND_KNOWN", "BRAND_READ_EVERY"


def init_app(app: Flask, given: frozenset[str]) -> None:
    """Remember the settings as they are now. `given`: those that the environment sets, which win."""
    names = (*CHANGEABLE, LOGO)
    every = app.config.setdefault(EVERY, READ_EVERY)
    base = {name: app.config[name] for name in names}
    # A process that never reads by itself has nothing to read at first either.
    good_until = math.inf if every == math.inf else 0.0
    app.config[KNOWN] = _Known(base, given & frozenset(names), good_until=good_until)


def follow(app: Flask, read: Reader) -> None:
    """Have the stored values read by `read`."""
    app.config[KNOWN] = app.config[KNOWN]._replace(read=read)


def keep_fresh() -> None:
    """Read again what owners changed, if the last look is too long ago. If the database is away, go on."""
    known: _Known = current_app.config[KNOWN]
    if time.monotonic() < known.good_until or known.read is None:
        return
    # One thread reads, the others go on with what is known; only the very first ones wait.
    if not _reading.acquire(blocking=known.version < 0):
        return
    try:
        known = current_app.config[KNOWN]
        if time.monotonic() >= known.good_until:
            _read(known)
    finally:
        _reading.release()


def _read(known: _Known) -> None:
    stored = None
    try:
        stored = known.read(known.version) if known.read else None
    except SQLAlchemyError as error:
        log.info("the brand cannot be read now: %s", type(error).__name__)
    # At least 0: nobody waits for it any more.
    known = known._replace(
        version=max(0, known.version), good_until=time.monotonic() + current_app.config[EVERY]
    )
    if stored is not None:
        mine = {name: value for name, value in stored.settings.items() if name not in known.fixed}
        logo = {LOGO: stored.logo} if stored.logo and LOGO not in known.fixed else {}
        known = known._replace(version=stored.version, trades=stored.trades)
        current_app.config.update({**known.base, **mine, **logo})
    current_app.config[KNOWN] = known


def forget() -> None:
    """Have this process read it again at once: it was changed here."""
    current_app.config[KNOWN] = current_app.config[KNOWN]._replace(good_until=0.0)


def base() -> Mapping[str, Any]:
    """Return the settings as the environment, or else the defaults, have them."""
    found: Mapping[str, Any] = current_app.config[KNOWN].base
    return found


def current(name: str) -> Any:
    """Return the present value of one of CHANGEABLE."""
    return current_app.config[name]


def is_fixed(name: str) -> bool:
    """Return whether the environment says it, so that no page can change it."""
    return name in current_app.config[KNOWN].fixed


def logo() -> Logo | None:
    """Return the logo of the installation, if it has one."""
    found: Logo | None = current_app.config[LOGO]
    return found


def trades() -> Mapping[str, Trade]:
    """Return the trades by key, as this process knows them."""
    found: Mapping[str, Trade] = current_app.config[KNOWN].trades
    return found


def role_word(trade: str | None, role: str) -> str | None:
    """Return what a trade calls somebody of this role, in the reader's language. None: it says nothing."""
    found = trades().get(trade) if trade else None
    if found is None:
        return None
    code = language()
    for name in (code, code.partition("-")[0]):
        if word := found.labels.get(name, {}).get(role):
            return word
    return None


def is_sensitive(trade: str | None) -> bool:
    """Return whether mails about a connection of this trade hold no words, unless people choose otherwise."""
    found = trades().get(trade) if trade else None
    return found is not None and found.sensitive
