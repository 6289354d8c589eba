"""Define the tables of what an installation shows of itself, and of the words of its trades."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime

ONLY = 1


class BrandRow(Base):
    """The settings that owners changed; one row. Without it, those of the environment stand."""

    __tablename__ = "brand"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)  # ONLY
    # of this row and of all trades: each change of either raises it, so that processes look no further
    version: Mapped[int] = mapped_column(Integer)
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)  # names of branding.CHANGEABLE
    logo: Mapped[bytes | None] = mapped_column(LargeBinary)  # written by logos.py
    logo_type: Mapped[str | None] = mapped_column(String(20))
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class TradeRow(Base):
    """The words of a trade for the two sides of a connection. `connections.trade` names it."""

    __tablename__ = "trades"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    # language -> {client, clients, professional, professionals}; see branding.Trade
    labels: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON)
    sensitive: Mapped[bool] = mapped_column(Boolean)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
