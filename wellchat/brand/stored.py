"""Read what is in the database, for every process, in one statement while nothing has changed."""

from __future__ import annotations

from sqlalchemy import select

from wellchat.brand.models import ONLY, BrandRow, TradeRow
from wellchat.branding import Stored, Trade
from wellchat.db import db, table
from wellchat.logos import logo_of

_brand, _trades = table(BrandRow), table(TradeRow)
_VERSION = select(_brand.c.version).where(_brand.c.id == ONLY)
_ROW = select(_brand).where(_brand.c.id == ONLY)
_TRADES = select(_trades.c.key, _trades.c.labels, _trades.c.sensitive)


def read(known: int) -> Stored | None:
    """Return what is stored, if it is newer than the version `known`. See branding.Reader."""
    # On a connection of its own: a page in the middle of a transaction, or after a failed one, is drawn too.
    with db.engine.connect() as connection:
        if connection.execute(_VERSION).scalar() in (None, known):
            return None
        row = connection.execute(_ROW).one()
        trades = {key: Trade(labels, sensitive) for key, labels, sensitive in connection.execute(_TRADES)}
    logo = logo_of(row.logo, row.logo_type) if row.logo and row.logo_type else None
    return Stored(row.version, row.settings, logo, trades)
