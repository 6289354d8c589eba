"""Split a mail into what its author wrote and what their program has put around it.

The introduction of a quote is recognised by its shape first (a date, a time, an address, a colon at the end),
and by words of a language only if the shape is not enough. In doubt words are kept: too much text is a
blemish, a lost sentence is a loss. What is left out is returned too, so that it can be shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from wellchat.replies.mailtext import marks
from wellchat.replies.mailtext.armor import without_armor
from wellchat.replies.mailtext.endings import signature_starts, trailing
from wellchat.replies.mailtext.introductions import introduction_above, unmarked_quote
from wellchat.replies.mailtext.lines import (
    MAX_INTRODUCTION,
    OURS,
    RULE,
    is_blank,
    is_comparison,
    is_marked,
    mark_of,
    names_ours,
    signs_in,
    split_lines,
    wrote_in,
)

MAX_LAYERS = 3  # of headers right above headers
MAX_EXCERPT = 12  # lines of a quote that its author chose by hand
_OUR_GREETING = re.compile(r"^[\s*]{0,9}Hello .{0,120}$|^.{0,60} \(https?://\S{1,200}/\)$")
_WROTE_IN_QUOTE = 3  # lines of a quote that may hold its own introduction


class Reply(NamedTuple):
    """What a mail says, and what stands around it: quotes, signature, lines of programs."""

    words: str
    left_out: str


def extract_reply(text: str, ours: Sequence[str] = ()) -> str:
    """Return what is new in a mail. "": it only quotes. See `split_reply`."""
    return marks.without_marks(split_reply(text, ours).words).strip()


def split_reply(text: str, ours: Sequence[str] = ()) -> Reply:
    """Return what is new in a mail, and the rest, each in the order in which it stood.

    `text` is of a text part, or what `html_to_text` made of an HTML part; `words` then still have the names
    of the pictures in them (`marks.pictures_in`, `marks.without_marks`). `ours` are names and addresses that
    the mail which is answered has and its reader would not write, such as the sender's name and the host of
    its links: what holds one is known to be a quote.
    """
    return _split(split_lines(without_armor(text)), ours, MAX_LAYERS)


def _split(lines: Sequence[str], ours: Sequence[str], layers: int) -> Reply:
    start, below, announced = _unmarked_quote(lines, ours)
    above, rest = lines[:start], lines[start:]
    keeps = _keeps(above, ours, announced)
    if below and layers and not any(keeps) and not _holds_ours(lines[below:], ours):
        # Nothing above it: the words are those below, of somebody who answers there, or forwards.
        inner = _split(lines[below:], ours, layers - 1)
        return Reply(inner.words, _joined([*lines[:below], "", *inner.left_out.split("\n")]))
    words = [line for line, keep in zip(above, keeps, strict=True) if keep]
    others = [line for line, keep in zip(above, keeps, strict=True) if not keep]
    return Reply(_joined(words), _joined([*others, "", *rest]))


def _joined(lines: Sequence[str]) -> str:
    text = "\n".join(line.removeprefix(mark_of(line)).rstrip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _holds_ours(lines: Sequence[str], ours: Sequence[str]) -> bool:
    return any(map(OURS.match, lines)) or names_ours("\n".join(lines), ours)


def _unmarked_quote(lines: Sequence[str], ours: Sequence[str]) -> tuple[int, int, dict[int, int]]:
    """Return where an earlier mail begins that is quoted without marks, and where its text begins.

    The second is 0 if a program says that all the rest is a quote, or the mail is ours: nobody writes there.
    The third says of quotes with marks where headers above them begin: {the quote's first line: that line}.
    """
    announced: dict[int, int] = {}
    for index, line in enumerate(lines):
        mark = mark_of(line)
        if mark == marks.REST_QUOTED:
            return _without_introduction(lines, index), 0, announced
        if OURS.match(line) and not is_marked(line):
            return _without_introduction(lines, index, _OUR_GREETING), 0, announced
        if mark == marks.INTRODUCTION:
            end = _run(lines, index, lambda each: mark_of(each) == marks.INTRODUCTION or is_blank(each))
        else:
            end = 0 if is_marked(line) else unmarked_quote(lines, index, ours)
        if end and not _is_quoted_next(lines, end):
            return _without_introduction(lines, index), end, announced
        if end:
            announced.setdefault(_run(lines, end, is_blank), index)
    return len(lines), 0, announced


def _run(lines: Sequence[str], index: int, is_part: Callable[[str], bool]) -> int:
    """Return the index after the last line from `index` on that is a part."""
    while index < len(lines) and is_part(lines[index]):
        index += 1
    return index


def _is_quoted_next(lines: Sequence[str], index: int) -> bool:
    """Return whether the next words are marked as a quote."""
    following = _run(lines, index, is_blank)
    return following < len(lines) and (is_marked(lines[following]) or bool(mark_of(lines[following])))


def _without_introduction(lines: Sequence[str], end: int, greeting: re.Pattern[str] | None = None) -> int:
    """Return where the lines begin, before `end`, that announce what stands there."""
    while end and (
        is_blank(lines[end - 1])
        or RULE.match(lines[end - 1])
        or (greeting and greeting.match(lines[end - 1]))
    ):
        end -= 1
    return introduction_above(lines, end)


def _keeps(lines: Sequence[str], ours: Sequence[str], announced: Mapping[int, int]) -> list[bool]:
    """Return for each line whether its author wrote it."""
    keeps = [mark_of(line) not in (marks.INTRODUCTION, marks.SIGNATURE) for line in lines]
    quotes = _quotes(lines)
    has_introduction = False
    for begin, end in quotes:
        opening = _introduction_of(lines, begin, announced)
        is_introduced = opening < begin or any(
            signs_in(line) > 1 and wrote_in(line) for line in lines[begin : begin + _WROTE_IN_QUOTE]
        )
        has_introduction = has_introduction or is_introduced
        if is_introduced or not _is_own(lines[begin:end]):
            keeps[opening:end] = [False] * (end - opening)
    _leave_signature(lines, keeps)
    own = [index for index, keep in enumerate(keeps) if keep]
    for index in own[trailing([lines[each] for each in own]) :]:
        keeps[index] = False
    if not has_introduction:
        _keep_excerpts(lines, keeps, quotes, ours)
    return keeps


def _quotes(lines: Sequence[str]) -> list[tuple[int, int]]:
    """Return where quotes begin and end: runs of lines with one mark."""
    found: list[tuple[int, int]] = []
    index = 0
    while index < len(lines):
        if mark_of(lines[index]) == marks.PERHAPS_QUOTED:
            end = _run(lines, index, lambda each: mark_of(each) == marks.PERHAPS_QUOTED)
        elif is_marked(lines[index]) and not _ends_address(lines, index):
            end = _run(lines, index, is_marked)
        else:
            index += 1
            continue
        found.append((index, end))
        index = end
    return found


def _ends_address(lines: Sequence[str], index: int) -> bool:
    """Return whether the ">" at a line's beginning ends an address that began in the line above."""
    above = lines[index - 1] if index else ""
    return 0 < above.rfind("<") > above.rfind(">") and "@" in above and len(above) < MAX_INTRODUCTION


def _introduction_of(lines: Sequence[str], begin: int, announced: Mapping[int, int]) -> int:
    """Return the index where the introduction of the quote at `begin` starts. `begin`: it has none."""
    opening = min(introduction_above(lines, begin), announced.get(begin, begin))
    above = begin
    while above and (is_blank(lines[above - 1]) or mark_of(lines[above - 1]) == marks.INTRODUCTION):
        above -= 1
    has_mark = any(mark_of(line) == marks.INTRODUCTION for line in lines[above:begin])
    return min(opening, above if has_mark else begin)


def _is_own(quote: Sequence[str]) -> bool:
    """Return whether lines that look like a quote are a person's: comparisons, an indented paragraph."""
    return mark_of(quote[0]) == marks.PERHAPS_QUOTED or all(map(is_comparison, quote))


def _keep_excerpts(
    lines: Sequence[str], keeps: list[bool], quotes: Sequence[tuple[int, int]], ours: Sequence[str]
) -> None:
    """Keep short quotes above an answer: no program writes quotes without an introduction, a person did."""
    for begin, end in quotes:
        has_answer = any(
            keep and not is_blank(line) and not RULE.match(line)
            for line, keep in zip(lines[end:], keeps[end:], strict=True)
        )
        if end - begin <= MAX_EXCERPT and has_answer and not _holds_ours(lines[begin:end], ours):
            keeps[begin:end] = [True] * (end - begin)


def _leave_signature(lines: Sequence[str], keeps: list[bool]) -> None:
    """Leave out a signature, from its dashes to the next quote: below that, its author may go on."""
    own = [index for index, keep in enumerate(keeps) if keep]
    start = signature_starts([lines[index] for index in own])
    for index in own[start:]:
        # The lines between were a quote.
        if index > own[start] and is_marked(lines[index - 1]) and not keeps[index - 1]:
            break
        keeps[index] = False
