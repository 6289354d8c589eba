"""Nobody poses as somebody else, or as the people who run the site."""

from __future__ import annotations

import pytest

from tests.accounts.conftest import account, again
from wellchat.accounts.queries import person_json
from wellchat.db import transaction

INVISIBLE = (
    "\u200b",
    "\u00ad",
    "\u200f",
    "\u202e",
    "\u2066",
    "\ufeff",
    "\u3164",
    "\u2800",
    "\u034f",
    "\U000e0041",
)
POSED = (
    *(
        "Support",
        "wellchat Support",
        "Administrator · wellchat",
        "Moderator",
        "Kundendienst",
        "Kundenservice",
    ),
    *(
        "Administratrice",
        "Modérateur",
        "Service client",
        "ADMIN",
        "Ｓｕｐｐｏｒｔ",
        "adm1n",
        "Supp0rt",
        "S u p p o r t",
    ),
    *("Customer Service", "Admin-Team", "wellchat"),
)


@pytest.fixture
def save(cast, browse):
    """Save the settings of Cara, with some fields changed."""

    def saved(person=cast.cara, **fields):
        form = {"name": person.name, "time_zone": "UTC", "role_label": person.role_label or "", **fields}
        return browse(person).post("/settings", data=form)

    return saved


@pytest.mark.parametrize("char", INVISIBLE, ids=ascii)
@pytest.mark.parametrize("field", ["name", "role_label"])
def test_a_character_that_cannot_be_seen_is_refused(save, cast, field, char):
    before = (cast.cara.name, cast.cara.role_label)
    assert save(**{field: f"Maya{char} Lindqvist"}).status_code == 422
    cara = again(cast.cara)
    assert (cara.name, cara.role_label) == before


@pytest.mark.parametrize(
    "name",
    ["نیلوفر می‌خواهد", "क्‍ष", "👩‍🚀 Ada", "Zoë O’Brien-Müller", "山田 Taro", "Мария Maria", "Kaʻiulani"],
)
def test_names_of_all_scripts_are_taken(save, cast, name):
    assert save(name=name).status_code == 303
    assert again(cast.cara).name == name


@pytest.mark.parametrize("name", ["Mаya Lindqvist", "Οlga", "Pаul"])
def test_letters_of_two_alphabets_in_one_word_are_refused_with_a_reason(save, name):
    answer = save(name=name)
    assert answer.status_code == 422
    assert "mixes letters of two alphabets" in answer.text


@pytest.mark.parametrize("words", POSED)
@pytest.mark.parametrize("field", ["name", "role_label"])
def test_a_name_or_label_that_poses_as_the_staff_is_refused(save, field, words):
    answer = save(**{field: words})
    assert answer.status_code == 422
    assert "is kept for the team of wellchat" in answer.text


def test_the_name_of_the_site_is_kept_whole(save, app):
    app.config["NAME"] = "Acme Coaching"
    assert save(name="Acmé Cоaching".replace("о", "o")).status_code == 422
    assert save(name="Anna of Acme").status_code == 303


def test_a_sign_up_cannot_pose_either(visitor, app):
    form = {"email": "new@example.com", "password": "three warm words", "role": "professional"}
    assert visitor().post("/sign-up", data={**form, "name": "wellchat Support"}).status_code == 422
    assert account("new@example.com") is None


def test_who_has_such_a_name_already_keeps_it_and_saves_the_rest(save, cast):
    with transaction():
        cast.cara.name, cast.cara.role_label = "Maya\u200b Support", "Support"
    assert save(cast.cara, bio="Hello").status_code == 303
    assert again(cast.cara).bio == "Hello"
    assert save(cast.cara, name="Maya Support").status_code == 422


def test_only_the_staff_may_say_so_and_only_they_have_the_mark(save, cast, browse):
    assert save(cast.ada, name="Ada, Support").status_code == 303
    assert [person_json(each)["staff"] for each in (cast.cara, cast.paul, cast.ada)] == [False, False, True]
