"""Change what an installation shows of itself, and the words of its trades."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from wellchat import branding
from wellchat.audit.actions import record
from wellchat.brand.forms import SIDES, BrandForm, PutTrade
from wellchat.brand.models import ONLY, BrandRow, TradeRow
from wellchat.branding import CHANGEABLE, LOGO
from wellchat.db import after_commit, db, insert, transaction
from wellchat.errors import Conflict, NotFound
from wellchat.i18n import gettext
from wellchat.logos import Logo

MAX_TRADES = 200


def change_brand(*, form: BrandForm, logo: Logo | None, drop_logo: bool = False, now: datetime) -> list[str]:
    """Store what the page says, without what the environment fixes. Return the names of what changed.

    `logo`: a new one; None keeps the old one, unless `drop_logo`. A value that equals the default of the
    environment is stored all the same: it is what the owner chose.
    """
    with transaction():
        row = _row(now)
        wanted = {name: getattr(form, name.lower()) for name in CHANGEABLE if not branding.is_fixed(name)}
        before = current_settings(row)
        changed = [name for name in wanted if before[name] != wanted[name]]
        if not branding.is_fixed(LOGO) and (drop_logo or logo is not None):
            content, kind = (logo.content, logo.type) if logo else (None, None)
            if row.logo != content:
                row.logo, row.logo_type = content, kind
                changed.append(LOGO)
        if changed:
            row.settings = {name: wanted[name] for name in wanted if name in row.settings or name in changed}
            _note_change(row, now)
            record("brand.changed", now=now, detail={"what": " ".join(changed).lower()})
    return changed


def current_settings(row: BrandRow) -> dict[str, Any]:
    """Return each changeable setting as it stands with this row, whatever this process has read last."""
    base = branding.base()
    return {
        name: base[name] if branding.is_fixed(name) else row.settings.get(name, base[name])
        for name in CHANGEABLE
    }


def put_trade(*, key: str, form: PutTrade, now: datetime) -> tuple[TradeRow, list[str] | None]:
    """Make or change a trade. Return (it, the names of what changed; None for a new one).

    Raises Conflict for more than MAX_TRADES.
    """
    with transaction() as session:
        row = _row(now)
        trade = session.get(TradeRow, key)
        is_new = trade is None
        if trade is None:
            if len(session.execute(select(TradeRow.key)).all()) >= MAX_TRADES:
                raise Conflict(gettext("There are %(num)s trades, and more are not kept.", num=MAX_TRADES))
            trade = TradeRow(key=key, labels={}, sensitive=False, changed_at=now)
            session.add(trade)
        changed = _take(trade, form)
        if changed or is_new:
            trade.changed_at = now
            _note_change(row, now)
            record("trade.changed", now=now, about=("trade", key), detail={"what": " ".join(changed)})
        session.flush()
    return trade, None if is_new else changed


def _take(trade: TradeRow, form: PutTrade) -> list[str]:
    given = form.model_fields_set
    words = dict(trade.labels.get(form.locale, {}))
    changed = []
    for side in SIDES:
        word = getattr(form, side)
        if side in given and words.get(side) != word:
            words[side] = word
            changed.append(side)
    words = {side: word for side, word in words.items() if word}
    others = {locale: each for locale, each in trade.labels.items() if locale != form.locale}
    if changed:
        trade.labels = {**others, form.locale: words} if words else others
    if form.sensitive is not None and form.sensitive != trade.sensitive:
        trade.sensitive = form.sensitive
        changed.append("sensitive")
    return changed


def remove_trade(*, key: str, now: datetime) -> None:
    """Remove a trade. Its connections keep the key, and are called by the built-in words. Raises NotFound."""
    with transaction() as session:
        row = _row(now)
        trade = session.get(TradeRow, key)
        if trade is None:
            raise NotFound(gettext("There is no trade with this key."))
        session.delete(trade)
        _note_change(row, now)
        record("trade.removed", now=now, about=("trade", key))


def all_trades() -> list[TradeRow]:
    """Return every trade, by key."""
    return list(db.session.execute(select(TradeRow).order_by(TradeRow.key)).scalars())


def _row(now: datetime) -> BrandRow:
    """Return the one row, locked: changes come one after the other."""
    first = insert(BrandRow).values(id=ONLY, version=0, settings={}, changed_at=now)
    db.session.execute(first.on_conflict_do_nothing())
    query = select(BrandRow).with_for_update().execution_options(populate_existing=True)
    return db.session.execute(query).scalar_one()


def _note_change(row: BrandRow, now: datetime) -> None:
    row.version += 1
    row.changed_at = now
    after_commit(branding.forget)
