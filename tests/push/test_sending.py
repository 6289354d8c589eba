"""A push is sent once, to people who are away and have not read it, and only their browser can read it."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from tests.databases import until_one_waits
from tests.mail.world import NOON, World
from tests.push.push_service import PushService, Subscriber, check_signature, unb64, unseal
from wellchat import sweeps
from wellchat.accounts.actions import create_token
from wellchat.accounts.credentials import end_session, end_sessions
from wellchat.accounts.models import Token
from wellchat.claims import SENDING
from wellchat.db import db, transaction
from wellchat.messaging import dispatch, memberships, messages
from wellchat.notifications.actions import mark_read, notify
from wellchat.notifications.preferences import save_preferences
from wellchat.push import actions, keys, sending
from wellchat.push.decide import MIN_INTERVAL
from wellchat.push.models import Device, Push

Devices = Callable[[], Subscriber]
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def phone(world: World, devices: Devices) -> Subscriber:
    """Return a device of the coach."""
    device = devices()
    device.register(world.coach)
    return device


def pushes() -> list[Push]:
    query = db.select(Push).order_by(Push.told_at, Push.id).execution_options(populate_existing=True)
    return list(db.session.execute(query).scalars())


def states() -> list[str]:
    return [push.state for push in pushes()]


def change(world: World, **changes: Any) -> None:
    memberships.change_membership(viewer=world.coach, thread_id=world.thread.id, changes=changes)


def sweep(at: Any = NOON) -> dict[str, int]:
    return {name: count for name, count in sending.sweep(at).items() if count}


def test_a_message_reaches_the_device_of_who_is_away(world: World, phone: Subscriber) -> None:
    world.say(world.client, "Could we move Thursday?")
    assert sweep() == {"pushes_sent": 1}
    [said] = phone.got()
    assert said["body"] == "New message"
    assert said["title"] == "wellchat"
    assert said["url"] == f"/threads/{world.thread.id}#1"
    assert said["tag"] == f"thread:{world.thread.id}"
    assert said["unread"] == 1
    assert sweep(NOON + HOUR) == {}, "once"


def test_names_and_texts_are_pushed_only_if_the_owner_wants_it(
    world: World, phone: Subscriber, devices: Devices
) -> None:
    desk = devices()
    at_desk = desk.register(world.coach)
    actions.set_shows_words(viewer=world.coach, device_id=at_desk.id, shows_words=True)
    world.say(world.client, "My knee hurts")
    sweep()
    [said], [open_words] = phone.got(), desk.got()
    assert "knee" not in json.dumps(said)
    assert "Ana" not in json.dumps(said)
    assert (open_words["title"], open_words["body"]) == ("Ana Petrov", "My knee hurts")


def test_a_push_is_encrypted_for_its_browser_and_signed_by_us(world: World, phone: Subscriber) -> None:
    world.say(world.client, "Hello")
    sweep()
    [pushed] = phone.service.pushed
    assert b"wellchat" not in pushed.body
    assert pushed.headers["content-encoding"] == "aes128gcm"
    assert pushed.headers["urgency"] == "high"
    assert 0 < int(pushed.headers["ttl"]) <= 86_400
    assert len(pushed.headers["topic"]) <= 32
    claims = check_signature(pushed.headers["authorization"], phone.service.url)
    assert claims["k"] == keys.public_key()
    assert claims["sub"] == "https://chat.example"
    assert 0 < claims["exp"] - NOON.timestamp() <= 86_400


def test_the_decryption_in_these_tests_follows_the_standard() -> None:
    """The example of RFC 8291, section 5."""
    from cryptography.hazmat.primitives.asymmetric import ec

    number = int.from_bytes(unb64("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), "big")
    body = unb64(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
        "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    key = ec.derive_private_key(number, ec.SECP256R1())
    opened = unseal(body, key, unb64("BTBZMqHH6r4Tts7J_aSIgg"))
    assert opened == b"When I grow up, I want to be a watermelon"


def test_several_short_messages_ring_once(world: World, phone: Subscriber) -> None:
    for n in range(3):
        world.say(world.client, f"line {n}", NOON + n * SECOND)
    sweep(NOON + 3 * SECOND)
    world.say(world.client, "line 3", NOON + 4 * SECOND)
    sweep(NOON + 5 * SECOND)
    assert [said["body"] for said in phone.got()] == ["3 new messages"]
    sweep(NOON + 3 * SECOND + MIN_INTERVAL)
    assert [said["body"] for said in phone.got()] == ["3 new messages", "4 new messages"]
    assert len({said["tag"] for said in phone.got()}) == 1, "the second takes the place of the first"


def test_nobody_who_is_present_is_pushed_to(world: World, phone: Subscriber) -> None:
    world.seen(world.coach, NOON - SECOND)
    world.say(world.client, "Hello")
    assert sweep() == {"pushes_queued": 1}
    world.seen(world.coach, NOON + MINUTE)
    assert sweep(NOON + 2 * MINUTE) == {"pushes_queued": 1}, "decided again"
    assert sweep(NOON + 4 * MINUTE) == {"pushes_sent": 1}
    assert len(phone.got()) == 1


@pytest.mark.parametrize("how", ["thread", "bell", "deleted", "muted", "switched off", "no device"])
def test_nothing_is_pushed_that_is_not_wanted_any_more(world: World, phone: Subscriber, how: str) -> None:
    world.seen(world.coach, NOON - SECOND)
    world.say(world.client, "Hello")
    sweep()
    if how == "thread":
        world.read(world.coach, 1)
    elif how == "bell":
        mark_read(viewer=world.coach, everything=True, now=NOON)
    elif how == "deleted":
        messages.delete_message(viewer=world.client, thread_id=world.thread.id, seq=1, now=NOON)
    elif how == "muted":
        change(world, muted_until=NOON + 24 * HOUR)
    elif how == "switched off":
        save_preferences(user=world.coach, now=NOON, channels={"message": {"push": False}})
    else:
        actions.remove(user=world.coach, endpoint=phone.endpoint)
    sweep(NOON + 5 * MINUTE)
    assert phone.got() == []
    assert states() in (["skipped"], [])
    assert all(push.reason for push in pushes())


def test_quiet_hours_hold_a_push(world: World, phone: Subscriber) -> None:
    save_preferences(user=world.coach, now=NOON, quiet_from="11:00", quiet_to="13:00", time_zone="UTC")
    world.say(world.client, "Hello")
    for minutes, sent in ((0, 0), (59, 0), (60, 1)):
        sweep(NOON + minutes * MINUTE)
        assert len(phone.got()) == sent, minutes


def test_snoozing_holds_a_push(world: World, phone: Subscriber) -> None:
    change(world, snoozed_until=NOON + HOUR)
    world.say(world.client, "Hello")
    for minutes, sent in ((0, 0), (59, 0), (60, 1)):
        sweep(NOON + minutes * MINUTE)
        assert len(phone.got()) == sent, minutes


def test_who_wants_it_on_devices_only_has_nothing_in_the_bell(
    world: World, phone: Subscriber, browse: Any
) -> None:
    save_preferences(user=world.coach, now=NOON, channels={"message": {"bell": False}})
    world.say(world.client, "Hello")
    sweep()
    assert len(phone.got()) == 1
    answer = browse(world.coach).get("/api/notifications").get_json()
    assert (answer["notifications"], answer["unread"]) == ([], 0)


# Devices that are gone


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_has_ended_is_deleted(world: World, phone: Subscriber, status: int) -> None:
    phone.service.answers = [status]
    world.say(world.client, "Hello")
    sweep()
    assert db.session.execute(db.select(Device)).all() == []
    assert pushes() == []


def test_a_device_goes_with_its_session(world: World, devices: Devices) -> None:
    signed_out, elsewhere, program = devices(), devices(), devices()
    signed_out.register(world.coach)
    end_session(user=world.coach, now=NOON)
    elsewhere.register(world.coach)
    create_token(user_id=world.coach.id, now=NOON)
    token = db.session.execute(db.select(Token)).scalar_one()
    program.register(world.coach, session=None, token_id=token.id)
    world.say(world.client, "Hello")
    sweep()
    assert [len(device.got()) for device in (signed_out, elsewhere, program)] == [0, 1, 1]
    end_sessions(user_id=world.coach.id)
    world.say(world.client, "Again", NOON + HOUR)
    sweep(NOON + HOUR)
    assert [len(device.got()) for device in (signed_out, elsewhere, program)] == [0, 1, 1]
    assert db.session.execute(db.select(Device)).all() == []


def test_an_expired_subscription_is_deleted(world: World, devices: Devices) -> None:
    phone = devices()
    phone.register(world.coach, expires_at=NOON + MINUTE)
    world.say(world.client, "Hello", NOON + MINUTE)
    sweep(NOON + MINUTE)
    assert (phone.got(), pushes()) == ([], [])


# At most once, and not lost


@pytest.mark.slow
def test_a_temporary_refusal_is_tried_again_after_longer_pauses(world: World, phone: Subscriber) -> None:
    phone.service.answers = [429, 503, 500]
    phone.service.headers = {"Retry-After": "90"}
    world.say(world.client, "Hello")
    tries = []
    for seconds in range(0, 1200, 10):
        if sweep(NOON + seconds * SECOND):
            tries.append(seconds)
    assert tries == [0, 90, 180, 300]
    assert states() == ["sent"]
    assert pushes()[0].attempts == 4


@pytest.mark.slow
def test_a_push_is_given_up_after_a_day_of_refusals(world: World, phone: Subscriber) -> None:
    phone.service.answers = [503] * 100
    world.say(world.client, "Hello")
    for hours in range(30):
        sweep(NOON + hours * HOUR)
    assert states() == ["failed"]
    assert "Given up" in pushes()[0].reason


@pytest.mark.parametrize("status", [301, 302, 307, 400, 403, 413])
def test_a_permanent_refusal_is_not_tried_again(world: World, phone: Subscriber, status: int) -> None:
    phone.service.answers = [status]
    phone.service.headers = {"Location": f"{phone.service.url}/elsewhere"}
    world.say(world.client, "Hello")
    sweep()
    sweep(NOON + HOUR)
    assert states() == ["failed"]
    assert len(phone.service.pushed) == 1, "and no redirect is followed"


def test_a_push_without_an_answer_is_unknown_and_not_sent_again(world: World, phone: Subscriber) -> None:
    phone.service.answers = [lambda handler: handler.connection.close()]
    world.say(world.client, "Hello")
    sweep()
    sweep(NOON + HOUR)
    assert states() == ["unknown"]
    assert len(phone.service.pushed) == 1
    world.say(world.client, "There is more", NOON + HOUR)
    sweep(NOON + HOUR)
    assert [said["body"] for said in phone.got()] == ["New message", "2 new messages"]


def test_a_service_that_cannot_be_reached_is_tried_again(world: World, devices: Devices) -> None:
    with PushService() as service:
        phone = Subscriber(service)
        phone.register(world.coach)
    world.say(world.client, "Hello")
    assert sweep() == {"pushes_queued": 1}
    assert "cannot be reached" in pushes()[0].reason


@pytest.mark.each_database
def test_eight_workers_send_a_push_once(world: World, phone: Subscriber) -> None:
    world.say(world.client, "Hello")
    [push] = pushes()
    answers = world.together(*[lambda: sending.send(push_id=push.id, now=NOON)] * 8)
    assert sorted(map(str, answers)) == ["None"] * 7 + ["sent"]
    assert len(phone.got()) == 1


def test_a_crash_between_sending_and_marking_is_not_sent_again(
    world: World, phone: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.say(world.client, "Hello")
    with monkeypatch.context() as patch:
        patch.setattr(sending, "_settle", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            sweep()
    assert states() == ["sending"]
    assert sweep(NOON + MINUTE) == {}
    assert sweep(NOON + HOUR) == {"pushes_unknown": 1}
    assert len(phone.service.pushed) == 1


def test_news_during_the_sending_are_pushed_afterwards(world: World, phone: Subscriber) -> None:
    """A message between the claim and the answer has its own push."""

    def meanwhile(handler: Any) -> None:
        with world.app.app_context():
            world.say(world.client, "And another thing")
        handler.send_response(201)
        handler.end_headers()

    phone.service.answers = [meanwhile]
    world.say(world.client, "Hello")
    sweep()
    db.session.rollback()
    assert states() == ["queued"]
    sweep(NOON + MINUTE)
    assert [said["body"] for said in phone.got()] == ["New message", "2 new messages"]


def test_a_slow_worker_does_not_settle_another_worker_s_claim(world: World, phone: Subscriber) -> None:
    """The notification has counted up, and another worker has claimed the push, before the first gets its
    answer.
    """

    def meanwhile(handler: Any) -> None:
        with world.app.app_context():
            world.say(world.client, "And another thing")
            with transaction() as session:
                sending._claim(session.execute(db.select(Push.id)).scalar_one(), NOON)
        handler.send_response(201)
        handler.end_headers()

    phone.service.answers = [meanwhile]
    world.say(world.client, "Hello")
    sweep()
    db.session.rollback()
    assert states() == ["sending"], "the other's, still"


def test_a_push_that_cannot_be_made_does_not_stop_the_others(
    world: World, devices: Devices, caplog: Any
) -> None:
    broken, phone = devices(), devices()
    broken.register(world.coach)
    phone.register(world.coach)
    with transaction() as session:
        session.execute(db.update(Device).where(Device.endpoint == broken.endpoint).values(p256dh="nonsense"))
    world.say(world.client, "Hello")
    with caplog.at_level(logging.CRITICAL, "wellchat.claims"):
        assert sweep() == {"pushes_sent": 1}
    assert sorted(states()) == ["queued", "sent"]


def test_the_next_push_clears_what_was_read_elsewhere(world: World, phone: Subscriber) -> None:
    other = world.open_thread(world.user("Noor Haddad"), world.coach)
    world.say(world.client, "Hello")
    sweep()
    world.read(world.coach, 1)
    db.session.expire_all()
    visitor = db.session.get_one(type(world.client), other.client_id)
    for n in range(2):
        world.say(visitor, "Good day", NOON + n * HOUR, thread=other)
        sweep(NOON + n * HOUR)
    assert [said["clear"] for said in phone.got()] == [[], [f"thread:{world.thread.id}"], []]


def test_a_sweep_sends_what_a_lost_task_message_missed(world: World, phone: Subscriber) -> None:
    world.say(world.client, "Hello")
    assert sweeps.run(NOON)["pushes_sent"] == 1
    world.say(world.client, "Again", NOON + HOUR)
    [push] = pushes()
    assert sending.send_all(push_ids=[push.id, "0" * 13], now=NOON + HOUR) == {push.id: "sent"}


@pytest.mark.slow
def test_the_statements_of_a_push_do_not_grow_with_earlier_pushes(
    world: World, devices: Devices, queries: Any
) -> None:
    for _ in range(3):
        devices().register(world.coach)
    world.say(world.client, "Hello")
    sweep()
    [first, *_] = pushes()
    with transaction() as session:
        session.execute(db.update(Push).values(state="queued", due_at=NOON, sent_at=None))
    with queries() as one:
        sending.send(push_id=first.id, now=NOON)
    world.say(world.client, "More", NOON + HOUR)
    with queries() as later:
        sending.send(push_id=first.id, now=NOON + HOUR)
    assert one.count == later.count


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_deleting_a_device_while_its_owner_is_notified_makes_no_deadlock(
    world: World, phone: Subscriber, background: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Notifying locks the device, then its push. Sending holds the push when it finds that the device must
    go.
    """
    world.say(world.client, "Hello")
    [push] = pushes()
    end_sessions(user_id=world.coach.id)
    db.session.commit()
    real, claimed = sending._is_authorised, threading.Event()

    def is_authorised(*given: Any) -> bool:
        claimed.set()
        until_one_waits()  # the teller has come to the push that is held here
        return real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(sending, "_is_authorised", is_authorised)
        sender = background(lambda: sending.send(push_id=push.id, now=NOON))
        assert claimed.wait(10)
        messages.send_message(
            sender=world.client, thread_id=world.thread.id, body="Again", client_key="again", now=NOON
        )
        notifier = background(lambda: dispatch.notify_recipients(thread_ids=[world.thread.id], now=NOON))
        assert (sender.result(20), notifier.result(20)) == (None, 1)
    sweep()
    assert (phone.got(), pushes()) == ([], [])
    assert db.session.execute(db.select(Device)).all() == []


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_signing_out_everywhere_while_notified_makes_no_deadlock(
    world: World, devices: Devices, background: Any
) -> None:
    """Notifying locks the device, then the counter of the log. Deleting a token deletes its devices."""
    phone = devices()
    create_token(user_id=world.coach.id, now=NOON)
    token = db.session.execute(db.select(Token)).scalar_one()
    phone.register(world.coach, session=None, token_id=token.id)
    db.session.commit()
    notified, let_go = threading.Event(), threading.Event()

    def notify_coach() -> None:
        with transaction():
            notify(
                user_id=world.coach.id,
                kind="message",
                thread_id=world.thread.id,
                seq=1,
                preview="Hi",
                now=NOON,
            )
            notified.set()
            assert let_go.wait(10)

    notifier = background(notify_coach)
    assert notified.wait(10)
    leaver = background(lambda: end_sessions(user_id=world.coach.id))
    until_one_waits()
    let_go.set()
    notifier.result(20), leaver.result(20)
    assert db.session.execute(db.select(Device)).all() == []


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_sweep_while_somebody_is_notified_makes_no_deadlock(
    world: World, devices: Devices, background: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Notifying locks all devices, then their pushes. The sweep writes both."""
    phone, old = devices(), devices()
    phone.register(world.coach)
    world.say(world.client, "Hello")
    with transaction() as session:
        session.execute(update(Push).values(state=SENDING, due_at=NOON))  # as a crash leaves it
    old.register(world.coach, expires_at=NOON)
    real, held = sending.insert, threading.Event()

    def insert(*given: Any) -> Any:
        held.set()
        until_one_waits()  # the sweep is at work
        return real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(sending, "insert", insert)
        messages.send_message(
            sender=world.client, thread_id=world.thread.id, body="Again", client_key="again", now=NOON
        )
        notifier = background(lambda: dispatch.notify_recipients(thread_ids=[world.thread.id], now=NOON))
        assert held.wait(10)
        sweeper = background(lambda: sending.sweep(NOON))
        assert notifier.result(20) == 1
        sweeper.result(20)
