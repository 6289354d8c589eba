"""Kinds of mails that were once read wrongly: programs, languages, and words that only look like theirs."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from bench.reading import compare
from tests.replies.kinds import KINDS, KINDS_HTML, OURS, OWN
from wellchat.replies import mailtext
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


def test_the_library_needs_nothing_of_ours() -> None:
    """It can be used alone: its modules import the standard library and each other."""
    for module in Path(mailtext.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                is_own = name.startswith("wellchat.replies.mailtext")
                assert is_own or name.partition(".")[0] in sys.stdlib_module_names, (module.name, name)


def test_the_bench_counts_every_case_of_ours_as_right() -> None:
    rows: list[list[str]] = []
    compare(None, rows.append)
    assert [row[1] for row in rows] == [row[2] for row in rows]
