"""What counts as the same word, and where in the text it stood."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from wellchat.search import tokens
from wellchat.search.matching import excerpt, find_highlights, is_typo
from wellchat.search.normalise import normalise, split_words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Crème", "creme"),
        ("cre\u0300me", "CRÈME"),
        ("Straße", "strasse"),
        ("Ærø", "aero"),
        ("İstanbul", "istanbul"),
        ("Łódź", "lodz"),
        ("ＡＢＣ", "abc"),
        ("ﬁn", "fin"),
        ("ｶﾞ", "ガ"),
        ("が", "か\u3099"),
        ("Ёлка", "елка"),
        ("مُحَمَّد", "محمد"),
        ("co\u00adop", "coop"),
    ],
)
def test_spellings_of_a_word_are_normalised_to_one(one, other):
    assert normalise(one) == normalise(other)


def test_vowel_signs_are_kept():
    assert normalise("की") != normalise("क")
    assert normalise("ดี") != normalise("ด")
    assert normalise("か") != normalise("が")


def test_words_have_their_position_in_the_text():
    text = "Naïve, (cafe\u0301)! 東京タワー 2026"
    found = list(split_words(text))
    assert [word.text for word in found] == ["naive", "cafe", "東京タワー", "2026"]
    assert [text[word.start : word.end] for word in found] == ["Naïve", "cafe\u0301", "東京タワー", "2026"]


@pytest.mark.parametrize(
    ("body", "query", "marked"),
    [
        ("The green one", "GREEN", ["green"]),
        ("The greenhouse", "gree", ["greenhouse"]),
        ("The greenhouse", "house", None),
        ("to and from", "fr", ["from"]),
        ("to and from", "f", None),  # one letter is a whole word
        ("예약을 바꾸고 싶어요", "예약", ["예약"]),
        ("재예약은 안 됩니다", "예약", ["예약"]),
        ("\u110b\u1168\u110b\u1163\u11a8을", "예약", ["\u110b\u1168\u110b\u1163\u11a8"]),
        ("علی کتاب را آورد", "علي كتاب", ["علی", "کتاب"]),
        ("المدرسة الكبرى", "المدرسه الكبري", ["المدرسة", "الكبرى"]),
        ("ســلام", "سلام", ["ســلام"]),
        ("ساعت ۱۵ بیا", "15", ["۱۵"]),
        ("Zimmer 15", "١٥", ["15"]),
        ("ห้อง๑๕ครับ", "15", ["๑๕"]),
        ("Ring +49 170 123-45 67 an", "01701234567", ["170 123-45 67"]),
        ("Ring 01701234567 an", "0170 / 123 45 67", ["01701234567"]),
        ("Ring (0170) 1234567 an", "170 1234", ["170) 1234567"]),
        ("für 1.234,56 Euro", "1234.56", ["1.234,56"]),
        ("für 1 234 Euro", "1234", ["1 234"]),
        ("am 11 2340", "1234", None),
        ("Termin 10 oder 30", "10 30", ["10", "30"]),
        ("alles Gute 🎉🎂!", "🎉", ["🎉"]),
        ("alles Gute 🎉🎂!", "gute 🎂", ["Gute", "🎂"]),
        ("winkt 👋🏽", "👋", ["👋🏽"]),
        ("mit Liebe ❤️", "❤", ["❤️"]),
        ("eine Familie 👨‍👩‍👧", "👧", ["👧"]),
        ("alles Gute 🎉", "🎂", None),
        ("Café crème", "creme cafe", ["Café", "crème"]),
        ("東京タワーの近く", "タワー", ["タワー"]),
        ("東京タワーの近く", "京東", None),
        ("พรุ่งนี้เจอกันนะ", "เจอกัน", ["เจอกัน"]),
        ("ｶﾞｲﾄﾞです", "ガイド", ["ｶﾞｲﾄﾞ"]),
        ("明天见", "天", ["天"]),
        ("nothing", "", []),
    ],
)
def test_matches_are_highlighted(body, query, marked):
    marks = find_highlights(body, query)
    assert (marks if marks is None else [body[a:b] for a, b in marks]) == marked


@pytest.mark.parametrize(
    ("word", "asked", "slip"),
    [
        ("invoice", "invoce", True),
        ("invoice", "invoicee", True),
        ("invoice", "incoice", True),
        ("invoice", "invocie", True),
        ("invoice", "nvoice", True),
        ("invoice", "invce", False),
        ("invoice", "ivnocie", False),
        ("green", "gren", False),  # four letters are too few to guess from
        ("gren", "green", True),
    ],
)
def test_a_typo_is_one_edit_in_a_word_of_five_letters(word, asked, slip):
    assert is_typo(word, asked) is slip


AT = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    "query", ["invoice", "invoce", "invoicee", "incoice", "nvoice", "invocie", "inv", "INVOI"]
)
def test_the_tokens_of_a_query_are_among_those_of_the_message(query):
    held = set(
        tokens.message_tokens("The invoice, please", at=AT, people=["a"], thread_id="t", has_file=False)
    )
    assert all(held & set(group) for group in tokens.query_tokens(query, fuzzy=True))


def test_the_tokens_of_long_words_and_texts_are_limited():
    where = {"at": AT, "people": ["a"], "thread_id": "t", "has_file": False}
    assert len(tokens.message_tokens(" ".join(f"wort{i:06}" for i in range(1100)), **where)) < 12_000
    assert len(tokens.message_tokens("x" * 10_000, **where)) < 10


def test_an_excerpt_shows_the_match_and_cuts_at_words():
    body = "word " * 100 + "the needle\nis here " + "word " * 100
    text, marks = excerpt(body, find_highlights(body, "needle"))
    assert [text[a:b] for a, b in marks] == ["needle"]
    assert text.startswith("…word")
    assert text.endswith("word…")
    assert "needle is here" in text
    assert len(text) < 180


@pytest.mark.parametrize("odd", ["", "   ", "!!!", "\u0301", "👍", '* OR "', "a" * 500, "\ud7ff", "\u3099か"])
def test_unusual_texts_cause_no_error(odd):
    assert all(tokens.query_tokens(odd, fuzzy=True))
    text, marks = excerpt(odd, find_highlights(odd, odd) or [])
    assert all(0 <= start < end <= len(text) for start, end in marks)
