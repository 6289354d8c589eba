"""Passwords that are guessed first are refused at every door."""

from __future__ import annotations

import pytest

from tests.accounts.conftest import account, link_in, mails_to
from wellchat.accounts.password_rules import _common, refusal, refusal_of_own

WEAK = (
    *("12341234", "Password1!", "P@ssw0rd", "letmein123", "monkey123", "michael1", "abcdefgh", "98765432"),
    *(
        "Sunshine2024",
        "!!dragon!!",
        "Qwertz123",
        "Azertyuiop",
        "PASSWORD",
        "pässwörd1",
        "trustno1",
        "xyxyxyxy",
    ),
)
STRONG = ("three warm words", "coffee-at-ten", "correct horse", "kettle7lantern", "Пять тёплых слов")


@pytest.mark.parametrize("password", WEAK)
def test_a_common_password_is_refused_in_every_disguise(app, password):
    assert refusal(password) is not None


@pytest.mark.parametrize("password", STRONG)
def test_words_that_do_not_belong_together_are_taken(app, password):
    assert refusal(password) is None
    assert refusal_of_own(password, ["Maya Lindqvist", "maya.l@example.com"]) is None


def test_the_bundled_list_has_more_than_ten_thousand_that_are_long_enough(app):
    assert len([word for word in _common() if len(word) >= 8]) > 10_000


@pytest.mark.parametrize(
    "password", ["wellchat1", "maya.lindqvist", "M4ya-L1ndqvist!", "maya.l@example.com", "Lindqvist99"]
)
def test_ones_own_name_address_and_the_name_of_the_site_are_refused(app, password):
    assert refusal_of_own(password, ["Maya Lindqvist", "maya.l@example.com"]) is not None


@pytest.fixture
def doors(app, cast, visitor):
    """Each door at which a password is chosen: a function that tries one, and says what it was told."""

    def sign_up(password):
        form = {"email": "new@example.com", "name": "Nora Newell", "role": "client", "password": password}
        return visitor().post("/sign-up", data=form)

    def reset(password):
        visitor().post("/forgot-password", data={"email": "cara@example.com"})
        link = link_in(mails_to("cara@example.com")[-1])
        return visitor().post(link, data={"password": password})

    def change(password):
        inside = visitor()
        inside.sign_in("paul@example.com")
        form = {"current_password": "correct horse", "new_password": password}
        return inside.post("/settings/password", data=form)

    return {"sign-up": sign_up, "reset": reset, "change": change}


@pytest.mark.parametrize("door", ["sign-up", "reset", "change"])
@pytest.mark.parametrize("password", ["Password1!", "wellchat1", "example.com1"])
def test_every_page_refuses_it_beside_the_field_and_changes_nothing(doors, door, password):
    before = [(each, account(each).password_hash) for each in ("cara@example.com", "paul@example.com")]
    answer = doors[door](password)
    assert answer.status_code == 422
    assert "Choose another" in answer.text or "Choose several words" in answer.text
    after = [(each, account(each).password_hash) for each in ("cara@example.com", "paul@example.com")]
    assert (after, account("new@example.com")) == (before, None)


@pytest.mark.parametrize("password", ["x", "Password1!", "wellchat1", "new@example.com"])
def test_the_command_refuses_it_for_every_role(app, password):
    command = ["user", "create", "new@example.com", "--name", "Nora", "--role", "admin"]
    result = app.test_cli_runner().invoke(args=[*command, "--password", password])
    assert result.exit_code == 1
    assert "password: This" in result.output
    assert account("new@example.com") is None
