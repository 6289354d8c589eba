"""The switcher: one click into anybody of the demo, and into nobody else."""

from __future__ import annotations

import re

import pytest

from wellchat import clock
from wellchat.accounts.actions import create_user
from wellchat.accounts.personal_data import erase_person
from wellchat.accounts.queries import user_by_email
from wellchat.demo.actions import PASSWORD
from wellchat.demo.queries import demo_people
from wellchat.demo.stories import STORIES

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def loaded(copied):
    return copied


@pytest.fixture
def maya(loaded):
    return user_by_email("maya.lindqvist@example.com")


@pytest.fixture
def client(loaded):
    return loaded.test_client()


@pytest.fixture
def real(loaded):
    """An account that is nobody's role."""
    email = "nobody.you.know@example.com"
    return user_by_email(email) or create_user(email=email, name="Real", role="client", now=clock.now())


def become(browser, user_id):
    return browser.post(f"/become/{user_id}")


def test_the_sign_in_page_shows_everybody_with_trade_and_role(maya, client):
    page = client.get("/sign-in").get_data(as_text=True)
    assert page.count('action="/become/') == sum(len(story.people) for story in STORIES)
    for story in STORIES:
        assert story.trade in page
    for word in ("Stylist", "Homeowner", "Influencer", "Administrator"):
        assert word in page


def test_nobody_plays_the_administrator_where_real_people_have_accounts(loaded, client, maya):
    people = [user for trade in demo_people() for user in (*trade.main, *trade.others)]
    admin = next(user for user in people if user.role == "admin")
    given = {"email": admin.email, "password": PASSWORD}
    assert f"/become/{admin.id}" in client.get("/sign-in").text
    somebody = create_user(email="just@example.com", name="Real", role="client", now=clock.now())
    try:
        page = client.get("/sign-in").text
        assert f"/become/{admin.id}" not in page
        assert f"/become/{maya.id}" in page
        assert become(client, admin.id).status_code == 404
        assert client.post("/api/tokens", json=given).status_code == 401
    finally:
        erase_person(user_id=somebody.id, now=clock.now())


def test_without_the_demo_there_is_no_switcher(app, cast, browse):
    client = browse()
    assert "/become/" not in client.get("/sign-in").get_data(as_text=True)
    assert client.get("/demo").status_code == 404
    assert become(client, cast.paul.id).status_code == 404
    assert become(client, "0000000000000").status_code == 404


def test_the_switcher_signs_in_and_changes_the_person(maya, client):
    assert become(client, maya.id).status_code == 303
    assert client.get("/api/me").json["user"]["id"] == maya.id
    assert "Switch to another person" in client.get("/").get_data(as_text=True)
    assert "Hannah Whitcombe" in client.get("/demo").get_data(as_text=True)
    hannah = user_by_email("hannah.whitcombe@example.com")
    assert become(client, hannah.id).status_code == 303
    assert client.get("/api/me").json["user"]["id"] == hannah.id


def test_the_page_has_the_accent_of_the_trade(maya, client):
    assert 'class="accent-26"' in client.get("/sign-in").get_data(as_text=True)
    become(client, maya.id)
    assert 'class="accent-17"' in client.get("/").get_data(as_text=True)


def test_a_real_account_can_never_be_entered(maya, real, client):
    assert become(client, real.id).status_code == 404
    assert client.get("/api/me").status_code == 401
    become(client, maya.id)
    assert become(client, real.id).status_code == 404
    assert client.get("/api/me").json["user"]["id"] == maya.id


def test_the_switcher_needs_a_post_with_a_csrf_token(maya, client):
    assert client.get(f"/become/{maya.id}").status_code == 405
    assert client.open(f"/become/{maya.id}", method="POST", data={"csrf_token": "guessed"}).status_code == 400
    assert client.get("/api/me").status_code == 401


def test_a_person_of_the_demo_can_sign_in_with_the_password(maya, client):
    answer = client.post("/sign-in", data={"email": maya.email, "password": PASSWORD})
    assert answer.status_code == 303
    assert client.get("/api/me").json["user"]["id"] == maya.id


PHONE = {"environ_overrides": {"REMOTE_ADDR": "192.168.1.7"}, "base_url": "http://192.168.1.5:8000"}
ELSEWHERE = [
    {"environ_overrides": {"REMOTE_ADDR": "8.8.4.4"}},
    {"environ_overrides": {"REMOTE_ADDR": "192.0.2.7"}},
    {"headers": {"X-Forwarded-For": "127.0.0.1"}},
    {"headers": {"Via": "1.1 proxy"}},
    {"base_url": "http://rebound.example"},
    {"base_url": "http://8.8.4.4:8000"},
    {"environ_overrides": {"REMOTE_ADDR": "8.8.4.4"}, "base_url": "http://8.8.4.4"},
]


def press(client, path, *, data=None, **request):
    """Posts a form with the token of a page that was got by the same name, for cookies go by names."""
    token = re.search(
        r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/forgot-password", **request).text
    )[1]
    return client.open(
        path, method="POST", forged=True, data={"csrf_token": token, **(data or {})}, **request
    )


def offers_nobody(client, user, **request):
    assert "/become/" not in client.get("/sign-in", **request).text
    entered = press(client, f"/become/{user.id}", **request)
    answer = client.post("/api/tokens", json={"email": user.email, "password": PASSWORD}, **request)
    page = press(client, "/sign-in", data={"email": user.email, "password": PASSWORD}, **request)
    return (entered.status_code, answer.status_code, page.status_code) == (404, 401, 422)


@pytest.fixture
def settings(loaded):
    before = dict(loaded.config)
    yield loaded.config
    loaded.config.update(before)


@pytest.mark.parametrize("request_", ELSEWHERE)
def test_a_remote_client_cannot_enter_the_demo(maya, client, request_):
    """Nor with their password, which stands in the source."""
    assert offers_nobody(client, maya, **request_)


@pytest.mark.parametrize(
    "setting",
    [{"BASE_URL": "https://chat.example.com"}, {"BASE_URL": "http://8.8.4.4"}, {"TRUSTED_PROXIES": 1}],
)
def test_a_public_installation_refuses_the_demo(maya, client, settings, setting):
    become(client, maya.id)
    settings.update(setting)
    assert client.get("/demo").status_code == 404
    assert "Switch to another person" not in client.get("/").text
    assert offers_nobody(client.application.test_client(), maya)


def test_the_listening_socket_opens_the_demo_and_no_header_does(maya, client):
    """A balancer on the private network passes on whatever Host the asker wrote."""
    balancer = {"REMOTE_ADDR": "10.0.0.4", "SERVER_NAME": "0.0.0.0"}
    for host in ("localhost", "127.0.0.1:8000"):
        assert offers_nobody(client, maya, base_url=f"http://{host}", environ_overrides=balancer)


def test_real_people_can_sign_in_on_a_public_installation(loaded, client, settings):
    settings["BASE_URL"] = "https://chat.example.com"
    given = {"email": "real@example.com", "password": "a long enough word"}
    create_user(**given, name="Real", role="client", now=clock.now())
    assert client.post("/api/tokens", json=given).status_code == 201


def test_a_phone_on_the_private_network_can_enter_the_demo_where_the_operator_says_so(maya, client, settings):
    assert offers_nobody(client, maya, **PHONE)
    settings["OPEN_DEMO"] = True
    assert "/become/" in client.get("/sign-in", **PHONE).text
    assert press(client, f"/become/{maya.id}", **PHONE).status_code == 303
    assert client.get("/api/me", **PHONE).json["user"]["id"] == maya.id
