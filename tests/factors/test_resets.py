"""Resets of factors: by an operator or an owner, after a day in which their owner can stop them."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from sqlalchemy import select

from tests.accounts.conftest import mails_to
from tests.factors.conftest import FACTORS, Holder, again, half_way
from wellchat.accounts import standing
from wellchat.db import db
from wellchat.errors import Conflict
from wellchat.factors import resets
from wellchat.factors.models import FactorReset, RecoveryCode, Totp
from wellchat.mail import compose
from wellchat.mail.compose import NotWanted

REASON = "Lost the phone, seen in person"
pytestmark = pytest.mark.each_database


def ask(cara, now, by=None):
    return resets.ask_reset(user_id=cara.user.id, reason=REASON, asked_by=by, now=now)


def names(email="cara@example.com"):
    return [mail.name for mail in mails_to(email)]


def stop_link(mail, now):
    text = message_from_bytes(compose.render(mail, now=now).content, policy=default).get_body(("plain",))
    return re.search(r"(/stop-reset/\S+)", text.get_content())[1]


def test_a_reset_is_done_after_a_day_and_two_mails(app, cara, now, visitor, acts):
    assert ask(cara, now) == now + timedelta(hours=24)
    browser = visitor()
    browser.signed_in_as(cara.user)
    assert "are to be reset" in browser.get(FACTORS).text
    assert resets.sweep(now + timedelta(hours=11)) == {"resets_reminded": 0, "factors_reset": 0}
    assert resets.sweep(now + timedelta(hours=12)) == {"resets_reminded": 1, "factors_reset": 0}
    assert resets.sweep(now + timedelta(hours=23)) == {"resets_reminded": 0, "factors_reset": 0}
    assert sorted(names()) == ["factor_added", "factor_reset_asked", "factor_reset_asked"]
    half_way(visitor())
    assert resets.sweep(now + timedelta(hours=24)) == {"resets_reminded": 0, "factors_reset": 1}
    assert resets.sweep(now + timedelta(hours=25)) == {"resets_reminded": 0, "factors_reset": 0}
    assert again(cara.user).factor_since is None
    for model in (Totp, RecoveryCode, FactorReset):
        assert db.session.execute(select(model)).all() == []
    assert names()[-1] == "factors_reset"
    assert not browser.is_signed_in(), "whoever has the phone is signed out"
    assert visitor().sign_in("cara@example.com").location == "/"
    kinds = [kind for kind, _ in acts()]
    assert (kinds.count("factor.reset_asked"), kinds[-1]) == (1, "factor.reset")


def test_who_is_disabled_and_hears_of_nothing_keeps_the_factors(app, cara, now, acts):
    ask(cara, now)
    standing.disable(user_id=cara.user.id, now=now)
    with pytest.raises(Conflict, match="disabled"):
        ask(cara, now)
    standing.enable(user_id=cara.user.id, now=now)
    assert resets.sweep(now + timedelta(hours=25)) == {"resets_reminded": 0, "factors_reset": 0}
    assert again(cara.user).factor_since is not None
    assert [kind for kind, _ in acts()][-1] == "factor.reset_stopped"


def test_its_owner_stops_it_by_the_link(app, cara, now, visitor, acts):
    ask(cara, now)
    (mail,) = [mail for mail in mails_to("cara@example.com") if mail.name == "factor_reset_asked"]
    link, browser = stop_link(mail, now), visitor()
    assert "Stop the reset" in browser.get(link).text
    assert db.session.execute(select(FactorReset)).first() is not None, "looking stops nothing"
    assert browser.post(link).location == "/sign-in"
    assert "is stopped" in browser.get("/sign-in").text
    assert browser.post(link).status_code == 410
    assert browser.get("/stop-reset/nonsense").status_code == 410
    assert resets.sweep(now + timedelta(days=2)) == {"resets_reminded": 0, "factors_reset": 0}
    assert again(cara.user).factor_since is not None
    assert acts()[-1] == ("factor.reset_stopped", "done")
    with pytest.raises(NotWanted):
        compose.render(mail, now=now)


def test_its_owner_stops_it_in_the_settings(app, cara, now, visitor):
    ask(cara, now)
    browser = visitor()
    browser.signed_in_as(cara.user)
    assert browser.post(f"{FACTORS}/reset/stop").location == FACTORS
    assert resets.sweep(now + timedelta(days=2))["factors_reset"] == 0


def test_one_reset_at_a_time_and_only_of_what_is_there(app, cara, cast, now):
    ask(cara, now)
    with pytest.raises(Conflict):
        ask(cara, now)
    with pytest.raises(Conflict):
        resets.ask_reset(user_id=cast.paul.id, reason=REASON, asked_by=None, now=now)
    with pytest.raises(Conflict):
        resets.reset_now(user_id=cast.paul.id, reason=REASON, now=now)


def test_two_sweeps_at_once_do_it_once(app, cara, now, at_once):
    ask(cara, now)
    halfway = at_once(4, lambda _: resets.sweep(now + timedelta(hours=13)))
    assert sum(done["resets_reminded"] for done in halfway) == 1
    late = at_once(4, lambda _: resets.sweep(now + timedelta(hours=30)))
    assert sum(done["factors_reset"] for done in late) == 1
    assert names().count("factors_reset") == 1


def test_stopping_races_with_the_sweep(app, cara, now, at_once):
    ask(cara, now)

    def act(number):
        if number:
            return resets.sweep(now + timedelta(hours=30))["factors_reset"] == 1
        return resets.stop_reset(user_id=cara.user.id, now=now)

    stopped, done = at_once(2, act)
    assert stopped != done
    assert (again(cara.user).factor_since is None) == done


def test_an_operator_resets_at_the_shell(app, cara, cast, now, acts):
    run = app.test_cli_runner().invoke
    short = run(args=["user", "reset-factors", "cara@example.com", "--reason", "lost"])
    assert short.exit_code == 1
    assert "At least 5 characters" in short.output
    assert run(args=["user", "reset-factors", "nobody@example.com", "--reason", REASON]).exit_code == 1
    waits = run(args=["user", "reset-factors", "cara@example.com", "--reason", REASON])
    assert waits.exit_code == 0
    assert "Due at" in waits.output
    assert again(cara.user).factor_since is not None
    at_once = run(args=["user", "reset-factors", "cara@example.com", "--reason", REASON, "--now"])
    assert at_once.exit_code == 0, at_once.output
    assert again(cara.user).factor_since is None
    assert acts()[-1] == ("factor.reset", "done")
    again_ = run(args=["user", "reset-factors", "cara@example.com", "--reason", REASON, "--now"])
    assert "has no second factor" in again_.output


def test_an_owner_begins_one_with_a_reason(app, cara, cast, now, visitor, change):
    ada, support = visitor(), visitor()
    ada.signed_in_as(cast.ada)
    path = f"/oversight/factors/{cara.user.id}/reset"
    refused = ada.post(path, data={"reason": "lost"})
    assert refused.status_code == 422
    assert 'value="lost"' in refused.text
    assert ada.post(path, data={"reason": REASON}).location == "/oversight/factors"
    (waiting,) = db.session.execute(select(FactorReset)).scalars()
    assert (waiting.asked_by, waiting.reason) == (cast.ada.id, REASON)
    assert "A reset is due" in ada.get("/oversight/factors").text
    assert ada.post("/oversight/factors/nobody/reset", data={"reason": REASON}).status_code == 404
    change(cast.ada, admin_roles="support")
    support.signed_in_as(cast.ada)
    assert support.post(path, data={"reason": REASON}).status_code == 404


def test_administrators_see_who_has_which_factors(app, cara, cast, now, visitor, change):
    ada = visitor()
    ada.signed_in_as(cast.ada)
    page = ada.get("/oversight/factors").text
    assert "authenticator app" in page
    assert "10 recovery codes" in page
    assert "1 of 2 have one" in page
    assert cara.codes[0] not in page
    lacking = ada.get("/oversight/factors?lacking=1").text
    assert "Paul Professional" in lacking
    assert "Cara Client" not in lacking
    assert ada.get("/oversight/factors?after=%00").status_code == 200
    for roles, status in (("auditor", 200), ("support", 200), ("moderator", 404)):
        change(cast.ada, admin_roles=roles)
        assert ada.get("/oversight/factors").status_code == status
    for person in (cast.paul, cast.cara):
        other = visitor()
        other.signed_in_as(person)
        assert other.get("/oversight/factors").status_code == 404


def test_the_list_takes_the_same_statements_for_more_people(app, cara, cast, now, visitor, queries):
    ada = visitor()
    ada.signed_in_as(cast.ada)
    counts = []
    for person in (None, cast.paul, cast.olga):
        if person:
            Holder(person, now)
        ada.get("/oversight/factors")
        with queries() as counted:
            ada.get("/oversight/factors")
        counts.append(counted.count)
    assert len(set(counts)) == 1
