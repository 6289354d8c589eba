"""Kinds of mails that were once read wrongly: programs, languages, and words that only look like theirs."""

from __future__ import annotations

import pytest

from tests.replies.kinds import KINDS, KINDS_HTML, OURS, OWN
from wellchat.replies.mailtext import extract_reply, html_to_text


@pytest.mark.parametrize("name", KINDS)
def test_what_programs_add_is_cut(name: str) -> None:
    text, words = KINDS[name]
    assert extract_reply(text, OURS) == words


@pytest.mark.parametrize("name", OWN)
def test_own_words_stay_whatever_they_look_like(name: str) -> None:
    assert extract_reply(OWN[name], OURS) == OWN[name]


@pytest.mark.parametrize("name", KINDS_HTML)
def test_html_is_read_as_it_is_shown(name: str) -> None:
    html, words = KINDS_HTML[name]
    assert extract_reply(html_to_text(html), OURS) == words
