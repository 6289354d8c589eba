"""The page /outbox: everybody's mails at the machine itself, one's own from elsewhere."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browsing import Browser
from tests.mail.world import NOON, World
from wellchat.local_peer import is_own_peer
from wellchat.mail import actions
from wellchat.mail.outbox_key import outbox_key

Browse = Callable[..., Browser]
AT_THE_MACHINE = {"environ_overrides": {"REMOTE_ADDR": "127.0.0.1"}}  # by the name `localhost`


@pytest.fixture
def captured(world: World, tmp_path: Path) -> dict[str, str]:
    """Return recipient -> mail id, in an installation without a mail server."""
    world.app.config.update(SMTP_URL=None, INSTANCE=tmp_path, BASE_URL="http://127.0.0.1:8000")
    ids = {}
    for person in (world.client, world.coach):
        mail = actions.queue_mail(
            user_id=person.id, address=person.email, name="welcome", context={"name": person.name}, now=NOON
        )
        actions.deliver(mail_id=mail.id, now=NOON)
        ids[person.name] = mail.id
    return ids


def holder(browse: Browse) -> Browser:
    """Return a browser at the machine in which the link of `wellchat up` was opened."""
    browser = browse()
    answer = browser.get(f"/outbox?key={outbox_key()}", **AT_THE_MACHINE)
    assert (answer.status_code, answer.location) == (303, "/outbox"), "the key does not stay in the address"
    return browser


def test_everybody_s_mails_can_be_read_at_the_machine_with_the_key(
    world: World, browse: Browse, captured: dict[str, str]
) -> None:
    browser = holder(browse)
    page = browser.get("/outbox", **AT_THE_MACHINE)
    assert world.client.email in page.text
    assert world.coach.email in page.text
    mail = browser.get(f"/outbox/{captured['Ana Petrov']}", **AT_THE_MACHINE)
    assert "Welcome to wellchat" in mail.text
    assert 'sandbox="allow-popups' in mail.text
    frame = browser.get(f"/outbox/{captured['Ana Petrov']}/html", **AT_THE_MACHINE)
    assert "Hello Ana Petrov" in frame.text
    assert frame.headers["Content-Security-Policy"].startswith("sandbox ")
    assert "script-src" not in frame.headers["Content-Security-Policy"]
    assert "default-src 'none'" in frame.headers["Content-Security-Policy"]
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_another_user_of_the_machine_reads_nothing_without_the_key(
    world: World, browse: Browse, captured: dict[str, str]
) -> None:
    """Loopback is no person: the connection is of nobody whom the kernel knows as this user."""
    browser = browse()
    for path in ("/outbox", f"/outbox/{captured['Ana Petrov']}", f"/outbox/{captured['Ana Petrov']}/html"):
        assert browser.get(path, **AT_THE_MACHINE).status_code == 401
    assert browser.get("/outbox?key=wrong", **AT_THE_MACHINE).status_code == 303
    assert browser.get("/outbox", **AT_THE_MACHINE).status_code == 401


def test_the_kernel_knows_whose_connection_it_is() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        host, port = client.getsockname()
        environ = {"REMOTE_ADDR": host, "REMOTE_PORT": str(port), "SERVER_PORT": server.getsockname()[1]}
        assert is_own_peer(environ) is Path("/proc/net/tcp").exists()
        assert not is_own_peer({**environ, "REMOTE_PORT": "1"})
        assert not is_own_peer({**environ, "REMOTE_ADDR": "127.0.0.9"})
    assert not is_own_peer({"REMOTE_ADDR": ""})


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"environ_overrides": {"REMOTE_ADDR": "192.0.2.7"}},
        AT_THE_MACHINE | {"headers": {"X-Forwarded-For": "127.0.0.1"}},
        AT_THE_MACHINE | {"headers": {"Forwarded": "for=127.0.0.1"}},
    ],
)
def test_people_elsewhere_read_only_their_own_mails(
    world: World, browse: Browse, captured: dict[str, str], elsewhere: dict[str, object]
) -> None:
    assert browse().get("/outbox", **elsewhere).status_code in (302, 401)
    for path in (f"/outbox/{captured['Sofia Marin']}", f"/outbox/{captured['Sofia Marin']}/html"):
        assert browse().get(path, **elsewhere).status_code in (302, 401)
        assert browse(world.client).get(path, **elsewhere).status_code == 404
    page = browse(world.client).get("/outbox", **elsewhere)
    assert world.client.email in page.text
    assert world.coach.email not in page.text
    assert browse(world.client).get(f"/outbox/{captured['Ana Petrov']}", **elsewhere).status_code == 200


@pytest.mark.parametrize("setting", [{"TRUSTED_PROXIES": 1}, {"BASE_URL": "https://chat.example"}])
def test_behind_a_proxy_or_on_a_real_address_nobody_is_at_the_machine(
    world: World, browse: Browse, captured: dict[str, str], setting: dict[str, object]
) -> None:
    world.app.config.update(setting)
    assert browse().get("/outbox", **AT_THE_MACHINE).status_code in (302, 401)


def test_a_request_for_another_host_name_is_not_at_the_machine(
    world: World, browse: Browse, captured: dict[str, str]
) -> None:
    """DNS rebinding: a foreign page whose name leads here must not read the mails."""
    assert browse().get("/outbox", base_url="http://rebound.example", **AT_THE_MACHINE).status_code == 401


def test_there_is_no_page_if_a_mail_server_is_set(
    world: World, browse: Browse, captured: dict[str, str]
) -> None:
    world.app.config["SMTP_URL"] = world.server.url
    for path in ("/outbox", f"/outbox/{captured['Ana Petrov']}", f"/outbox/{captured['Ana Petrov']}/html"):
        assert browse(world.client).get(path, **AT_THE_MACHINE).status_code == 404


def test_unknown_mails_are_not_found(
    world: World, browse: Browse, captured: dict[str, str], tmp_path: Path
) -> None:
    browser = holder(browse)
    assert browser.get("/outbox/0000000000000", **AT_THE_MACHINE).status_code == 404
    for file in (tmp_path / "mail").iterdir():
        file.unlink()
    assert browser.get("/outbox", **AT_THE_MACHINE).status_code == 200
    assert browser.get(f"/outbox/{captured['Ana Petrov']}", **AT_THE_MACHINE).status_code == 404
