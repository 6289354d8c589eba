"""The new text of a reply: mail programs, languages, and words that only look like theirs."""

from __future__ import annotations

import time

import pytest

from tests.replies.samples import DIGEST, HTML, KEPT, PLAIN
from wellchat.replies.mailtext import extract_reply, html_to_text


@pytest.mark.parametrize("name", PLAIN)
def test_quotes_and_signatures_are_cut(name: str) -> None:
    text, new = PLAIN[name]
    assert extract_reply(text) == new


@pytest.mark.parametrize("name", KEPT)
def test_a_person_s_own_words_are_kept(name: str) -> None:
    assert extract_reply(KEPT[name]) == KEPT[name]


@pytest.mark.parametrize("name", HTML)
def test_html_becomes_text(name: str) -> None:
    html, new = HTML[name]
    assert extract_reply(html_to_text(html)) == new


@pytest.mark.parametrize(
    "text", ["", "\n\n", "> quoted\n> all of it", "-- \nSofia", DIGEST, "\u200b\n\u00a0"]
)
def test_a_mail_that_only_quotes_leaves_nothing(text: str) -> None:
    assert extract_reply(text) == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "a:" * 100_000,
        "wrote:\n" * 20_000,
        "From: a\n" * 20_000,
        "2026-11-18 12:00 a@b " * 10_000 + ":",
        ">" * 100_000,
        "-" * 100_000 + "x",
        " " * 100_000 + ":",
        "(" * 50_000,
        "*" * 5_000 + "x",
        "x\n" + "* " * 2_000 + "x\n2 new messages wait for you",
        "a" * 1_000_000,
        "<!--" * 60_000,
        "</" * 200_000,
        '<a href="x">' + "x&amp;" * 500_000,
    ],
)
def test_hostile_mails_take_no_long_time(text: str) -> None:
    began = time.thread_time()
    extract_reply(text)
    html_to_text(text.replace("a", "<div>").replace(">", "<blockquote>"))
    assert time.thread_time() - began < 10
