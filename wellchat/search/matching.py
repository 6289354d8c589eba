"""The last word on whether a message answers a question, and the stretch of it that shows why."""

from __future__ import annotations

from typing import NamedTuple

from wellchat.search.folding import Word, words
from wellchat.search.tokens import EDGES, FORGIVEN, MAX_FUZZY_LENGTH, rests

BEFORE = 40  # characters shown before the first match
SHOWN = 160  # characters of an excerpt

Marks = list[tuple[int, int]]


class Excerpt(NamedTuple):
    """Plain text on one line, and the ranges in it that match, in characters."""

    text: str
    marks: Marks


def found_in(body: str, query: str, *, forgiving: bool = False) -> Marks | None:
    """The ranges of `body` that answer `query`, in order; None where a word of it is not there."""
    said = list(words(body))
    marks: set[tuple[int, int]] = set()
    for asked in words(query):
        found = [mark for word in said for mark in _marks(word, asked, forgiving)]
        if not found:
            return None
        marks.update(found)
    return _joined(sorted(marks))


def _marks(word: Word, asked: Word, forgiving: bool) -> Marks:
    if bool(word.places) != bool(asked.places):
        return []
    if word.places:
        return _in_run(word, asked.text)
    if matches(word.text, asked.text) or (forgiving and is_slip(word.text, asked.text)):
        return [(word.start, word.end)]
    return []


def matches(word: str, asked: str) -> bool:
    return word.startswith(asked) if len(asked) >= EDGES[0] else word == asked


def _in_run(run: Word, asked: str) -> Marks:
    found, at = [], run.text.find(asked)
    while at >= 0:
        found.append((run.places[at][0], run.places[at + len(asked) - 1][1]))
        at = run.text.find(asked, at + 1)
    return found


def is_slip(word: str, asked: str) -> bool:
    """Whether one is the other with a single letter left out, put in, changed, or swapped with its neighbour."""
    if not FORGIVEN <= len(asked) <= MAX_FUZZY_LENGTH or abs(len(word) - len(asked)) > 1:
        return False
    if word == asked:
        return True
    if len(word) != len(asked):
        longer, shorter = sorted((word, asked), key=len, reverse=True)
        return shorter in rests(longer)
    differ = [at for at in range(len(word)) if word[at] != asked[at]]
    if len(differ) == 2:
        first, second = differ
        return second == first + 1 and word[first] == asked[second] and word[second] == asked[first]
    return len(differ) == 1


def _joined(marks: Marks) -> Marks:
    joined: Marks = []
    for start, end in marks:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def excerpt(body: str, marks: Marks) -> Excerpt:
    """The words around the first match, cut at words, with every match that is within."""
    start, end = _window(body, marks[0][0] if marks else 0)
    shown, ahead, behind = body[start:end], "…" if start else "", "…" if end < len(body) else ""
    text = ahead + "".join(" " if character.isspace() else character for character in shown) + behind
    shift = len(ahead) - start
    inside = [(max(a, start) + shift, min(b, end) + shift) for a, b in marks if a < end and b > start]
    return Excerpt(text, inside)


def _window(body: str, first: int) -> tuple[int, int]:
    start = max(0, first - BEFORE)
    if start > 0:
        space = next((at for at in range(start, first) if body[at].isspace()), None)
        start = space + 1 if space is not None else start
    end = min(len(body), start + SHOWN)
    if end < len(body):
        space = next((at for at in range(end, max(first + 1, end - 30), -1) if body[at].isspace()), None)
        end = space if space is not None else end
    return start, end


def parts(text: str, marks: Marks) -> list[tuple[str, bool]]:
    """The text in stretches, each with whether it is a match."""
    out, at = [], 0
    for start, end in marks:
        out += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [(piece, hit) for piece, hit in [*out, (text[at:], False)] if piece]
