"""Decide from its text whether a message matches a query, and cut the excerpt that shows it."""

from __future__ import annotations

from typing import NamedTuple

from wellchat.search.normalise import Word, split_words
from wellchat.search.numbers import find_numbers, spans_in
from wellchat.search.tokens import MAX_FUZZY_LENGTH, MIN_FUZZY_LENGTH, PREFIX_LENGTHS, deletions, within

LEAD_LENGTH = 40  # characters before the first match
EXCERPT_LENGTH = 160  # characters

Highlights = list[tuple[int, int]]


class Excerpt(NamedTuple):
    """Plain text on one line, and the matching ranges in it, in characters."""

    text: str
    highlights: Highlights


def find_highlights(body: str, query: str, *, fuzzy: bool = False) -> Highlights | None:
    """Return the ranges of `body` that match `query`, in order; None if a word of it is missing."""
    terms = list(split_words(body))
    numbers = list(find_numbers(query))
    written = list(find_numbers(body)) if numbers else []
    highlights: set[tuple[int, int]] = set()
    for asked in split_words(query):
        found = [highlight for word in terms for highlight in _word_highlights(word, asked, fuzzy)]
        for whole in numbers:
            if within(asked, whole):
                found += [span for number in written for span in spans_in(number, whole)]
        # Every word must occur, so one that is missing decides.
        if not found:
            return None
        highlights.update(found)
    return _joined(sorted(highlights))


def _word_highlights(word: Word, asked: Word, fuzzy: bool) -> Highlights:
    if bool(word.ranges) != bool(asked.ranges):
        return []
    if word.ranges:
        return _in_run(word, asked.text)
    if is_match(word.text, asked.text) or (fuzzy and is_typo(word.text, asked.text)):
        return [(word.start, word.end)]
    return []


def is_match(word: str, asked: str) -> bool:
    """Return whether a word matches: as a prefix from two letters on, else as a whole."""
    return word.startswith(asked) if len(asked) >= PREFIX_LENGTHS[0] else word == asked


def _in_run(run: Word, asked: str) -> Highlights:
    found, at = [], run.text.find(asked)
    while at >= 0:
        found.append((run.ranges[at][0], run.ranges[at + len(asked) - 1][1]))
        at = run.text.find(asked, at + 1)
    return found


def is_typo(word: str, asked: str) -> bool:
    """Return whether one letter is deleted, inserted or changed, or two neighbours are swapped."""
    if not MIN_FUZZY_LENGTH <= len(asked) <= MAX_FUZZY_LENGTH or abs(len(word) - len(asked)) > 1:
        return False
    if word == asked:
        return True
    if len(word) != len(asked):
        longer, shorter = sorted((word, asked), key=len, reverse=True)
        return shorter in deletions(longer)
    # Same length: either one letter differs, or two neighbours that are swapped.
    differ = [at for at in range(len(word)) if word[at] != asked[at]]
    if len(differ) == 2:
        first, second = differ
        return second == first + 1 and word[first] == asked[second] and word[second] == asked[first]
    return len(differ) == 1


def _joined(highlights: Highlights) -> Highlights:
    joined: Highlights = []
    for start, end in highlights:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def excerpt(body: str, highlights: Highlights) -> Excerpt:
    """Return the text around the first match, cut between words, with every match inside."""
    start, end = _excerpt_bounds(body, highlights[0][0] if highlights else 0)
    shown, ahead, behind = body[start:end], "…" if start else "", "…" if end < len(body) else ""
    text = ahead + "".join(" " if character.isspace() else character for character in shown) + behind
    shift = len(ahead) - start
    inside = [(max(a, start) + shift, min(b, end) + shift) for a, b in highlights if a < end and b > start]
    return Excerpt(text, inside)


def _excerpt_bounds(body: str, first: int) -> tuple[int, int]:
    start = max(0, first - LEAD_LENGTH)
    if start > 0:
        # Start at a word if there is a space on the way.
        space = next((at for at in range(start, first) if body[at].isspace()), None)
        start = space + 1 if space is not None else start
    end = min(len(body), start + EXCERPT_LENGTH)
    if end < len(body):
        space = next((at for at in range(end, max(first + 1, end - 30), -1) if body[at].isspace()), None)
        end = space if space is not None else end
    return start, end


def parts(text: str, highlights: Highlights) -> list[tuple[str, bool]]:
    """Return the text in pieces: (piece, whether it matches)."""
    out, at = [], 0
    for start, end in highlights:
        out += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [(piece, hit) for piece, hit in [*out, (text[at:], False)] if piece]
