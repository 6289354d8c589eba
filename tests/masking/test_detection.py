"""What is found in a text, measured on two lists; and that no text takes long."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.masking.sentences import HARMLESS, HIDDEN, LATER_HARMLESS, LATER_HIDDEN, PASSES
from wellchat.masking.detection import MAX_FOUND, MAX_LENGTH, find_contacts

REGIONS = ("DE", "AT", "CH", "FR", "GB")
HOSTS = ("wellchat.example", "shop.example")
DOCS = Path(__file__).parents[2] / "docs" / "masking.md"


def found_in(text: str) -> list[str]:
    return [text[each.start : each.end] for each in find_contacts(text, regions=REGIONS, hosts=HOSTS)]


def test_hidden_tries_are_found_but_those_that_the_docs_name() -> None:
    assert {sentence for sentence in HIDDEN if not found_in(sentence)} == set(PASSES)


def test_harmless_sentences_stay() -> None:
    for sentence in (*HARMLESS, *LATER_HARMLESS):
        assert found_in(sentence) == [], sentence


def test_the_docs_print_the_rates_of_these_lists() -> None:
    rates = f"{len(HIDDEN) - len(PASSES)} of {len(HIDDEN)} tries, and in 0 of {len(HARMLESS)} harmless"
    assert len(HIDDEN) >= 60
    assert len(HARMLESS) >= 60
    docs = " ".join(DOCS.read_text().split())
    assert rates in docs
    later = sum(bool(found_in(sentence)) for sentence in LATER_HIDDEN)
    assert f"it finds {later} of these {len(LATER_HIDDEN)}" in docs


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Call 020 7946 0958, or not.", ["020 7946 0958"]),
        ("０２０ ７９４６ ０９５８!", ["０２０ ７９４６ ０９５８"]),
        ("é 0️⃣2️⃣0️⃣7️⃣9️⃣4️⃣6️⃣0️⃣9️⃣5️⃣8️⃣!", ["0️⃣2️⃣0️⃣7️⃣9️⃣4️⃣6️⃣0️⃣9️⃣5️⃣8️⃣"]),
        ("İİ rosa@example.com İ", ["rosa@example.com"]),
        ("rosa@example.com and 020 7946 0958", ["rosa@example.com", "020 7946 0958"]),
        ("on 04.12.2026 from 10:30, 020 7946 0958", ["020 7946 0958"]),
        ("see https://other.example/wellchat.example", ["https://other.example/wellchat.example"]),
        ("see https://wellchat.example.evil.example/", ["https://wellchat.example.evil.example/"]),
        ("see https://help.wellchat.example/a and https://wellchat.example", []),
        ("", []),
    ],
)
def test_ranges_are_those_of_the_text_as_it_was_written(text: str, found: list[str]) -> None:
    assert found_in(text) == found


def test_every_range_is_inside_the_text_in_order_and_without_overlap() -> None:
    for text in (*HIDDEN, *HARMLESS, " ".join(HIDDEN)):
        ends = 0
        for each in find_contacts(text, regions=REGIONS):
            assert ends <= each.start < each.end <= len(text)
            ends = each.end


# Of each a long text is made, for patterns that try again at every character.
LONG = ("1", "a.", "a@", "www.", "null", "onetwo", "1.000", "user at ", "04.12.2026-", "isbn 1", "o0", "x @ ")


@pytest.mark.timeout(60)
def test_no_long_text_keeps_a_sender_waiting() -> None:
    for piece in LONG:
        assert len(found_in((piece * MAX_LENGTH)[:MAX_LENGTH])) <= MAX_FOUND, piece


def test_what_is_too_long_or_too_much_is_hidden_rather_than_shown() -> None:
    late = "a " * (MAX_LENGTH // 2) + "020 7946 0958"
    assert found_in(late) == ["020 7946 0958"]
    many = "rosa@example.com " * (MAX_FOUND + 5)
    found = find_contacts(many, regions=REGIONS)
    assert len(found) == MAX_FOUND
    assert many[found[-1].start : found[-1].end].count("@") == 6
    assert "@" not in many[found[-1].end :]
