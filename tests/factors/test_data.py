"""What an export has of factors, and what erasing leaves."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from wellchat.accounts.actions import create_user
from wellchat.accounts.personal_data import erase_person, export_person
from wellchat.db import db
from wellchat.factors import challenges, passkeys, resets
from wellchat.factors.challenges import PROVE
from wellchat.factors.models import HalfSignIn, Totp
from wellchat.factors.personal_data import TABLES
from wellchat.factors.tries import spend_try, trim_tries

pytestmark = pytest.mark.each_database


def test_an_export_has_no_secret_and_erasing_leaves_nothing(app, cara, cast, now, here):
    app.config["RATE_LIMITS"] = True
    secret = challenges.begin_half(user=cara.user, remember=False, now=now)
    challenge_id, _ = passkeys.begin_use(purpose=PROVE, user_id=cara.user.id, now=now)
    spend_try(user_id=cara.user.id, now=now)
    resets.ask_reset(user_id=cara.user.id, reason="She lost her phone", asked_by=None, now=now)
    exported = export_person(cara.user.id)
    assert len(exported["recovery_codes"]) == 10
    assert exported["totp"][0].keys() == {"user_id", "confirmed_at"}
    assert exported["factor_challenges"][0]["id"] == challenge_id
    assert exported["factor_resets"][0]["reason"] == "She lost her phone"
    sealed = db.session.execute(select(Totp.secret_sealed)).scalar_one().hex()
    half = db.session.execute(select(HalfSignIn.digest)).scalar_one()
    text = json.dumps(exported)
    for hidden in (sealed, half, secret, *cara.codes):
        assert hidden not in text
    erase_person(user_id=cara.user.id, now=now)
    for model in TABLES:
        assert db.session.execute(select(model)).all() == [], model.__tablename__
    assert cara.user.factor_since is None


def test_a_reset_goes_on_without_the_name_of_who_asked(app, cara, cast, now):
    resets.ask_reset(user_id=cara.user.id, reason="She lost her phone", asked_by=cast.ada.id, now=now)
    create_user(email="otto@example.com", name="Otto Owner", role="admin", now=now)
    erase_person(user_id=cast.ada.id, now=now)
    (waiting,) = db.session.execute(select(resets.FactorReset)).scalars()
    assert waiting.asked_by is None


def test_what_is_over_is_deleted(app, cara, now, here):
    from datetime import timedelta

    app.config["RATE_LIMITS"] = True
    challenges.begin_half(user=cara.user, remember=False, now=now)
    passkeys.begin_use(purpose=PROVE, user_id=cara.user.id, now=now)
    spend_try(user_id=cara.user.id, now=now)
    assert challenges.trim_challenges(now=now + timedelta(minutes=4)) == 0
    assert challenges.trim_challenges(now=now + timedelta(minutes=6)) == 2
    assert trim_tries(now=now + timedelta(minutes=59)) == 0
    assert trim_tries(now=now + timedelta(minutes=61)) == 1
