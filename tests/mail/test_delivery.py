"""A mail is sent at most once, and the ledger says what became of it."""

from __future__ import annotations

import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.mail.world import NOON, World
from wellchat.db import db, is_postgresql, transaction
from wellchat.errors import Conflict, NotFound
from wellchat.feature import MailType, registry
from wellchat.mail import actions, compose, conversation, transport
from wellchat.mail.models import Mail
from wellchat.mail.reasons import reason_text

MINUTE = timedelta(minutes=1)


def queue(world: World, **more: object) -> Mail:
    values = {
        "user_id": world.client.id,
        "address": world.client.email,
        "name": "welcome",
        "context": {"name": world.client.name},
        "now": NOON,
    }
    return actions.queue_mail(**values | more)


def test_a_queued_mail_is_delivered_and_written_down(world: World) -> None:
    mail = queue(world)
    assert actions.deliver(mail_id=mail.id, now=NOON) == "sent"
    [message] = world.server.messages
    assert message["To"] == f"Ana Petrov <{world.client.email}>"
    assert message["Message-ID"] == f"<{mail.id}@studio.example>"
    [row] = world.mails()
    assert (row.state, row.sent_at, row.attempts, row.due_at) == ("sent", NOON, 1, None)


@pytest.mark.each_database
def test_eight_workers_send_one_mail(world: World) -> None:
    mail = queue(world)
    answers = world.together(*[lambda: actions.deliver(mail_id=mail.id, now=NOON)] * 8)
    assert sorted(answers, key=str) == [None] * 7 + ["sent"]
    assert len(world.server.messages) == 1


@pytest.mark.slow
@pytest.mark.each_database
def test_racing_sweeps_send_each_mail_once(world: World) -> None:
    for _ in range(12):
        queue(world)
    answers = world.together(*[lambda: actions.sweep(NOON)] * 6)
    assert sum(answer["mails_sent"] for answer in answers) == 12
    assert len({m["Message-ID"] for m in world.server.messages}) == len(world.server.messages) == 12


def test_no_mail_for_a_transaction_that_did_not_commit(world: World) -> None:
    with pytest.raises(ZeroDivisionError), transaction():  # noqa: PT012
        queue(world)
        raise ZeroDivisionError
    assert actions.sweep(NOON)["mails_sent"] == 0
    assert world.mails() == []


def test_delivering_inside_a_transaction_is_refused(world: World) -> None:
    mail = queue(world)
    with pytest.raises(RuntimeError), transaction():
        actions.deliver(mail_id=mail.id, now=NOON)


@pytest.mark.each_database
@pytest.mark.parametrize("point", ["before sending", "after sending"])
def test_a_crash_between_claim_and_mark_is_unknown_and_never_resent_by_itself(
    world: World, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    class Killed(BaseException):
        pass

    real = transport.SmtpConnection.send

    def dying(self: transport.SmtpConnection, *args: object, **kwargs: object) -> None:
        if point == "after sending":
            real(self, *args, **kwargs)
        raise Killed

    mail = queue(world)
    with monkeypatch.context() as patch, pytest.raises(Killed):  # noqa: PT012
        patch.setattr(transport.SmtpConnection, "send", dying)
        actions.deliver(mail_id=mail.id, now=NOON)
    assert world.states() == ["sending"]
    assert actions.sweep(NOON + MINUTE)["mails_unknown"] == 0, "its lease still holds"
    assert actions.sweep(NOON + 11 * MINUTE)["mails_unknown"] == 1
    assert world.states() == ["unknown"]
    for hours in range(1, 50):
        actions.sweep(NOON + timedelta(hours=hours))
    gone_out = 1 if point == "after sending" else 0
    assert len(world.server.messages) == gone_out

    actions.resend(mail_id=mail.id, now=NOON + timedelta(days=3))
    assert actions.sweep(NOON + timedelta(days=3))["mails_sent"] == 1
    assert len(world.server.messages) == gone_out + 1
    assert {m["Message-ID"] for m in world.server.messages} == {f"<{mail.id}@studio.example>"}


def test_a_slow_worker_may_still_settle_a_mail_called_unknown(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = queue(world)
    real = transport.SmtpConnection.send

    def slow(self: transport.SmtpConnection, *args: object, **kwargs: object) -> None:
        actions.sweep(NOON + 11 * MINUTE)  # meanwhile
        assert world.states() == ["unknown"]
        real(self, *args, **kwargs)

    monkeypatch.setattr(transport.SmtpConnection, "send", slow)
    assert actions.deliver(mail_id=mail.id, now=NOON) == "sent"
    assert world.states() == ["sent"]


def test_only_unknown_and_failed_ones_can_be_resent(world: World) -> None:
    mail = queue(world)
    with pytest.raises(Conflict):
        actions.resend(mail_id=mail.id, now=NOON)
    actions.deliver(mail_id=mail.id, now=NOON)
    with pytest.raises(Conflict):
        actions.resend(mail_id=mail.id, now=NOON)
    with pytest.raises(NotFound):
        actions.resend(mail_id="nothing", now=NOON)


def test_a_temporary_refusal_is_tried_again_later_with_the_same_id(world: World) -> None:
    mail = queue(world)
    world.server.replies = ["451 come back later", "421 busy", None]
    assert actions.deliver(mail_id=mail.id, now=NOON) == "queued"
    [row] = world.mails()
    assert row.due_at == NOON + MINUTE
    assert "451 come back later" in row.reason
    assert actions.deliver(mail_id=mail.id, now=NOON) is None, "not due yet"
    assert actions.sweep(NOON + MINUTE)["mails_queued"] == 1
    assert world.mails()[0].due_at == NOON + 3 * MINUTE
    assert actions.sweep(NOON + 3 * MINUTE)["mails_sent"] == 1
    [message] = world.server.messages
    assert message["Message-ID"] == f"<{mail.id}@studio.example>"


@pytest.mark.slow
def test_temporary_refusals_end_after_a_day(world: World) -> None:
    queue(world)
    world.server.replies = ["451 no"] * 100
    for quarter in range(100):
        actions.sweep(NOON + timedelta(minutes=15 * quarter))
    assert world.states() == ["failed"]
    assert 20 < world.mails()[0].attempts < 40


def test_a_permanent_refusal_is_final_and_harms_nobody_else(world: World) -> None:
    for _ in range(3):
        queue(world)
    world.server.replies = [None, "550 no such user", None]
    assert actions.sweep(NOON) == {
        "mails_sent": 2, "mails_skipped": 0, "mails_queued": 0, "mails_failed": 1, "mails_unknown": 0,
    }  # fmt: skip
    [failed] = [m for m in world.mails() if m.state == "failed"]
    assert failed.reason == "The mail server answered 550 no such user"
    actions.resend(mail_id=failed.id, now=NOON + MINUTE)
    assert actions.sweep(NOON + MINUTE)["mails_sent"] == 1


def test_a_server_that_is_down_costs_one_try_per_sweep(world: World) -> None:
    for _ in range(3):
        queue(world)
    port = world.server.controller.port
    with closed_port() as dead:
        world.app.config["SMTP_URL"] = f"smtp://127.0.0.1:{dead}"
        assert actions.sweep(NOON)["mails_queued"] == 1
    assert [m.attempts for m in world.mails()].count(0) == 2
    world.app.config["SMTP_URL"] = f"smtp://127.0.0.1:{port}"
    assert actions.sweep(NOON + timedelta(hours=1))["mails_sent"] == 3


@pytest.mark.parametrize(
    ("hang_up_at", "state"),
    [("EHLO", "queued"), ("MAIL", "queued"), ("RCPT", "queued"), ("DATA", "queued"), (".", "unknown")],
)
def test_a_broken_connection_is_unknown_only_after_the_text_was_sent(
    world: World, hang_up_at: str, state: str
) -> None:
    with rude_server(hang_up_at) as port:
        world.app.config["SMTP_URL"] = f"smtp://127.0.0.1:{port}"
        assert actions.deliver(mail_id=queue(world).id, now=NOON) == state


def test_a_server_that_closes_before_the_end_of_the_text_has_no_mail() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = conversation.Smtp(timeout=20)
        server.sock = socket.create_connection(listener.getsockname())
        line, _ = listener.accept()
        line.sendall(b"354 go on\r\n")
        line.close()
        with pytest.raises(conversation.NotTaken):
            conversation.say_text(server, b"Subject: hello\r\n", patience=20)
        server.close()


def test_a_mail_has_one_deadline_however_slowly_the_server_talks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "DEADLINE", 0.2)
    over = threading.Event()

    def trickle(listener: socket.socket) -> None:
        line, _ = listener.accept()
        # Each octet comes long before the time-out of a step.
        with line, suppress(OSError):
            while not over.wait(0.02):
                line.sendall(b"2")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        talker = threading.Thread(target=trickle, args=[listener])
        talker.start()
        world.app.config["SMTP_URL"] = f"smtp://127.0.0.1:{listener.getsockname()[1]}"
        assert actions.deliver(mail_id=queue(world).id, now=NOON) == "queued"
        over.set()
        talker.join()


def test_an_idle_connection_that_was_cut_is_opened_again(world: World) -> None:
    with transport.open_connection() as connection:
        assert actions.deliver(mail_id=queue(world).id, now=NOON, connection=connection) == "sent"
        connection._server.sock.shutdown(socket.SHUT_RDWR)
        assert actions.deliver(mail_id=queue(world).id, now=NOON, connection=connection) == "sent"


def test_one_connection_serves_a_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    real = smtplib.SMTP.connect

    def counting(self: smtplib.SMTP, *args: object, **kwargs: object) -> object:
        opened.append(self)
        return real(self, *args, **kwargs)

    monkeypatch.setattr(smtplib.SMTP, "connect", counting)
    for _ in range(5):
        queue(world)
    assert actions.sweep(NOON)["mails_sent"] == 5
    assert len(opened) == 1


def test_a_mail_that_cannot_be_made_fails_alone(world: World) -> None:
    queue(world, name="no_such_mail")
    queue(world)
    done = actions.sweep(NOON)
    assert (done["mails_failed"], done["mails_sent"]) == (1, 1)
    assert "no_such_mail" in world.mails()[0].reason + world.mails()[1].reason


def test_a_mail_not_wanted_any_more_is_skipped_with_its_reason(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_mail: Mail, _now: object) -> dict[str, object]:
        raise compose.NotWanted("Everything was read.")

    monkeypatch.setitem(registry().mails, "welcome", MailType("Welcome", refuse))
    assert actions.deliver(mail_id=queue(world).id, now=NOON) == "skipped"
    assert world.mails()[0].reason == "Everything was read."
    assert world.server.messages == []


def test_waiting_for_quiet_hours_is_not_counted_as_an_attempt(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def later(_mail: Mail, _now: object) -> dict[str, object]:
        raise compose.NotNow(NOON + timedelta(hours=8))

    with monkeypatch.context() as patch:
        patch.setitem(registry().mails, "welcome", MailType("Welcome", later))
        assert actions.deliver(mail_id=queue(world).id, now=NOON) == "queued"
    assert (world.mails()[0].attempts, world.mails()[0].due_at) == (0, NOON + timedelta(hours=8))
    assert actions.sweep(NOON + timedelta(hours=8))["mails_sent"] == 1


def _broken_statement(_mail: Mail, _now: object) -> dict[str, object]:
    """Let the database give up a statement, as at a time-out."""
    connection = db.session.connection()
    if is_postgresql():
        connection.exec_driver_sql("SET LOCAL statement_timeout = 5")
        connection.exec_driver_sql("SELECT pg_sleep(60)")
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.set_progress_handler(lambda: 1, 1)
    try:
        connection.exec_driver_sql("SELECT count(*) FROM users")
    finally:
        driver.set_progress_handler(None, 1)
    return {}


@pytest.mark.each_database
def test_a_mail_waits_while_the_database_cannot_be_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = queue(world)
    with monkeypatch.context() as patch:
        patch.setitem(registry().mails, "welcome", MailType("Welcome", _broken_statement))
        assert actions.deliver(mail_id=mail.id, now=NOON) == "queued"
    assert world.mails()[0].reason == "Try 1 was put off. The database could not be read."
    assert actions.sweep(NOON + MINUTE)["mails_sent"] == 1


def test_a_wrong_statement_is_no_reason_that_people_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(_mail: Mail, _now: object) -> dict[str, object]:
        return {"found": db.session.execute(text("SELECT no_such_column FROM users")).all()}

    monkeypatch.setitem(registry().mails, "welcome", MailType("Welcome", wrong))
    actions.deliver(mail_id=queue(world).id, now=NOON)
    [mail] = world.mails()
    assert "no_such_column" not in mail.reason
    old = "It could not be made: ProgrammingError: (psycopg.errors.X) no column [SQL: SELECT secret]"
    assert reason_text(old) == "It could not be made: ProgrammingError."


def test_without_a_mail_server_each_mail_is_a_file(world: World, tmp_path: Path) -> None:
    world.app.config.update(SMTP_URL=None, INSTANCE=tmp_path)
    first, second = queue(world), queue(world)
    actions.deliver(mail_id=first.id, now=NOON)
    actions.deliver(mail_id=second.id, now=NOON + MINUTE)
    names = sorted(path.name for path in (tmp_path / "mail").iterdir())
    assert [name[-17:-4] for name in names] == [first.id, second.id]
    assert all(name.endswith(".eml") for name in names)


@contextmanager
def closed_port() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        yield probe.getsockname()[1]


@contextmanager
def rude_server(hang_up_at: str) -> Iterator[int]:
    """Run a mail server that hangs up when it hears this command."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    line, _ = listener.accept()
                except OSError:
                    return
                with line, line.makefile("rwb") as connection:
                    converse(connection, hang_up_at)

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


def converse(connection: object, hang_up_at: str) -> None:
    in_data = False
    connection.write(b"220 hello\r\n")
    connection.flush()
    for heard in connection:
        word = heard.strip().decode(errors="replace")
        if word == hang_up_at or (not in_data and word.upper().startswith(hang_up_at)):
            return
        if in_data:
            continue
        in_data = word.upper() == "DATA"
        connection.write(b"354 go on\r\n" if in_data else b"250 fine\r\n")
        connection.flush()


def test_a_mail_of_a_feature_that_is_off_is_skipped_with_its_reason(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = queue(world)
    monkeypatch.delitem(registry().mails, "welcome")
    assert actions.deliver(mail_id=queued.id, now=NOON) == "skipped"
    assert world.mails()[0].reason == "This kind of email is switched off."
    assert world.server.messages == []
