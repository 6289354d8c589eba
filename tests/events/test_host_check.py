"""What `wellchat host check` says of the webhooks of a host."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from wellchat.db import db, transaction
from wellchat.events.host_check import look
from wellchat.events.models import Webhook
from wellchat.events.webhooks import Wanted, create
from wellchat.host_setup.hooks import Wrong

SHOP = "https://shop.example"


def stands(**values: object) -> None:
    with transaction() as session:
        session.execute(update(Webhook).values(**values))
    db.session.expire_all()


def test_a_webhook_that_is_off_or_fails_is_named(app: Flask, now: datetime) -> None:
    assert "can read the feed" in look(SHOP, now)
    made, _ = create(wanted=Wanted(f"{SHOP}/hook"), now=now)
    assert "not called yet" in look(SHOP, now)
    assert "can read the feed" in look("https://other.example", now)
    stands(succeeded_at=now)
    assert "taken last at" in look(SHOP, now)
    stands(failing_since=now - timedelta(hours=1))
    with pytest.raises(Wrong, match="fails since") as fails:
        look(SHOP, now)
    assert fails.value.mend.endswith(f"webhook send-test {made.id}")
    stands(disabled_at=now, disabled_because="by_hand")
    with pytest.raises(Wrong, match="is disabled") as off:
        look(SHOP, now)
    assert made.id in off.value.mend
