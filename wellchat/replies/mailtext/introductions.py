"""Find where an earlier mail begins that is quoted: its introduction, or its headers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wellchat.replies.mailtext.lines import (
    ADDRESS,
    DATE,
    MAX_INTRODUCTION,
    TIME,
    is_blank,
    is_marked,
    names_ours,
    signs_in,
    without_directions,
    wrote_in,
)
from wellchat.replies.mailtext.locale_patterns import FROM, ORIGINAL, SENT, SENT_STRICTLY, SUBJECT, TO, WROTE


def _label(names: str) -> re.Pattern[str]:
    return re.compile(rf"^\W{{0,3}}(?:{names})\s?\*{{0,2}}\s?[:：]\*{{0,2}}(?:\s|\S|$)", re.IGNORECASE)


_FROM_LINE, _SENT_LINE, _TO_LINE, _SUBJECT_LINE = (_label(names) for names in (FROM, SENT, TO, SUBJECT))
_LABELS = (_FROM_LINE, _SENT_LINE, _TO_LINE, _SUBJECT_LINE)
_SENT_STRICTLY_LINE = _label(SENT_STRICTLY)
_COLON = re.compile("[:：]")
_LABELLED = re.compile(r"^\W{0,3}[^\W\d_][^:：\n]{0,24}[:：]\*?\s?\S")
_IN_ONE_LINE = re.compile(
    rf"^\W{{0,3}}(?:{FROM})\s?[:：].{{1,200}}?\s(?:{SENT})\s?[:：].{{1,200}}?\s(?:{TO}|{SUBJECT})\s?[:：]",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    rf"^[\s*]{{0,9}}(?:[-_=]{{2,}}|—{{1,}}|–{{1,}})\s?\*{{0,2}}(?:{ORIGINAL})\*{{0,2}}\s?[:：]?"
    r"\s?(?:[-_=]{2,}|—{1,}|–{1,})[\s*]{0,9}$"
    r"|^(?:begin forwarded message|début du message réexpédié)\s?[:：]$",
    re.IGNORECASE,
)
_BETWEEN_DASHES = re.compile(rf"^-{{2,}}\s?(.{{10,300}}?(?:{WROTE}))\s?:?\s?-{{2,}}$", re.IGNORECASE)
_ENDS_WITH_WROTE = re.compile(rf"(?:{WROTE})\W{{0,3}}$", re.IGNORECASE)
# An address between angle or round brackets, in a mail's own words or as a link.
_NAMED_ADDRESS = r"[<(\[](?:mailto:)?[^<>()\[\]\s]{1,100}@[^<>()\[\]\s]{1,100}[>)\]]"
_ENDS_WITH_ADDRESS = re.compile(rf"{_NAMED_ADDRESS}+>?\W{{0,2}}[:：]$")
_SOMEBODY_WROTE = re.compile(
    rf"^[^\n]{{0,80}}{_NAMED_ADDRESS}+>?\s{{0,2}}(?:{WROTE})\s?[:：]$", re.IGNORECASE
)
# Before the date stand few words: "On Wed, Nov", "Il giorno mer", "Среда,".
_DATE_FIRST = re.compile(r"^\W{0,4}(?:[^\W\d_]{1,14}[.,]{0,2}\s{1,2}){0,3}[\d٠-٩۰-۹]")
_ALMOST_DATE_FIRST = re.compile(r"^\W{0,4}(?:[^\W\d_]{1,14}[.,]{0,2}\s{1,2}){0,1}\d")
# As Gmail once wrote: "2016-03-03 17:21 GMT+01:00 Some One", "2013/7/20 Some One <a@example.com>".
_ISO_DATE_FIRST = re.compile(
    rf"^(?:19|20)\d\d[-/]\d{{1,2}}[-/]\d{{1,2}}\s"
    rf"(?:\d{{1,2}}:\d\d\s(?:GMT|UTC)[+-]\d{{1,2}}:?\d\d\s\S.{{0,100}}|.{{0,100}}{_NAMED_ADDRESS})[:：]?$"
)
_SENTENCE_END = re.compile(r"[.!?。！？]$")
MAX_LINES_OF_INTRODUCTION = 7
MAX_LINES_OF_HEADERS = 16


def unmarked_quote(lines: Sequence[str], index: int, ours: Sequence[str]) -> int:
    """Return the index after what announces, at `index`, an earlier mail without marks. 0: nothing does.

    `ours` are names and addresses that only the quoted mail can have.
    """
    line = lines[index]
    if is_blank(line) or len(line) > MAX_INTRODUCTION:
        return 0
    text = line.strip()
    if _ORIGINAL.match(text):
        return headers_end(lines, _next(lines, index + 1), ours, strictly=False) or index + 1
    if (dashed := _BETWEEN_DASHES.match(text)) and signs_in(dashed[1]) > 2:
        return index + 1
    return headers_end(lines, index, ours) or _introduction_below(lines, index)


def _next(lines: Sequence[str], index: int) -> int:
    while index < len(lines) and is_blank(lines[index]):
        index += 1
    return index


def headers_end(lines: Sequence[str], index: int, ours: Sequence[str], *, strictly: bool = True) -> int:
    """Return the index after a block of headers such as Outlook's. 0: there is none at `index`.

    It has From and Sent and one more. People write such lists too ("From: Leipzig, To: Vienna"), so,
    `strictly`, it needs an address, a name of ours, a subject, or a word for a date that only programs use.
    """
    if index >= len(lines) or not _COLON.search(lines[index][:60]):
        return 0
    if not _LABELLED.match(lines[index]):
        return _is_in_one_line(lines, index)
    block, end = _labelled(lines, index)
    sent = next((line for line in block if _SENT_LINE.match(line)), None)
    if len(block) < 3 or sent is None or not any(map(_FROM_LINE.match, block)):
        return _is_in_one_line(lines, index)
    has_address = any(ADDRESS.search(line) for line in block)
    if not has_address and not DATE.search(sent) and not TIME.search(sent):
        return 0
    is_program = (
        has_address
        or any(_SUBJECT_LINE.match(line) for line in block)
        or any(names_ours(line, ours) for line in block)
        or (_SENT_STRICTLY_LINE.match(sent) and DATE.search(sent) and TIME.search(sent))
    )
    return end if is_program or not strictly else 0


def _is_in_one_line(lines: Sequence[str], index: int) -> int:
    """Return the index after headers that a phone has put into one line or two. 0: there are none."""
    text = " ".join(line.strip() for line in lines[index : index + 3])[:MAX_INTRODUCTION]
    if not _FROM_LINE.match(text) or not ADDRESS.search(text) or not _IN_ONE_LINE.match(text):
        return 0
    return index + (1 if _IN_ONE_LINE.match(lines[index].strip()) else 2)


def _labelled(lines: Sequence[str], index: int) -> tuple[list[str], int]:
    """Return the header lines from `index`, each with what was wrapped, and the index after the last."""
    block: list[str] = []
    end, waiting = index, list[str]()
    for at in range(index, min(index + MAX_LINES_OF_HEADERS, len(lines))):
        line = lines[at]
        if is_blank(line):
            continue
        known = bool(_COLON.search(line[:60])) and any(label.match(line) for label in _LABELS)
        if known or (_LABELLED.match(line) and not waiting):
            block[-1:] = [" ".join([*block[-1:], *waiting])] if block and waiting else block[-1:]
            block.append(line)
            end, waiting = at + 1, []
        elif len(waiting) == 2:
            break
        else:
            # A long line of addresses goes on in the next; it counts only if a known label follows.
            waiting.append(line.strip())
    return block, end


def _introduction_below(lines: Sequence[str], index: int) -> int:
    """Return the index after an introduction that begins at `index`, and need not be confirmed by marks."""
    first = without_directions(lines[index]).strip()
    if _ISO_DATE_FIRST.match(first) or (ADDRESS.search(first) and _SOMEBODY_WROTE.match(first)):
        return index + 1
    if is_marked(first) or not (DATE.search(first) or TIME.search(first)):
        return 0
    near = lines[index : index + MAX_LINES_OF_INTRODUCTION]
    if not any(line.rstrip(" *").endswith((":", "：")) for line in near):
        return 0
    text, blanks = "", 0
    for at in range(index, index + len(near)):
        line = without_directions(lines[at]).strip(" \t*")
        if not line:
            blanks += 1
            if blanks > 3:
                return 0
            continue
        text = f"{text} {line}".strip()
        if len(text) > MAX_INTRODUCTION:
            return 0
        if _is_introduction(text):
            return at + 1
        if _SENTENCE_END.search(line) and not DATE.search(line):
            return 0
        if text.endswith((":", "：")) and not line.endswith("mailto:"):
            return 0
    return 0


def _is_introduction(text: str) -> bool:
    """Return whether a whole text says who wrote and when, as programs do. Sentences of people do not."""
    if not text.endswith((":", "：")) or not DATE.search(text) or not TIME.search(text):
        return False
    has_address = bool(ADDRESS.search(text))
    if wrote := wrote_in(text):
        # "My doctor wrote me on 03.04.2027 at 14:30:" begins with no date and names no address.
        return has_address or (bool(_DATE_FIRST.match(text[: wrote.start()])))
    return bool(_ENDS_WITH_ADDRESS.search(text) and _ALMOST_DATE_FIRST.match(text))


def introduction_above(lines: Sequence[str], end: int) -> int:
    """Return where the introduction begins that stands above `end`, before a marked quote. `end`: none.

    Two of four signs are enough: a date, a time, an address, "wrote". The marks confirm it.
    """
    last = end
    while last and is_blank(lines[last - 1]) and end - last < 3:
        last -= 1
    if not last or is_blank(lines[last - 1]):
        return end
    final = without_directions(lines[last - 1]).rstrip(" *")
    if not final.endswith((":", "：")) and not _ISO_DATE_FIRST.match(final.strip()):
        return end
    return _above(lines, last, final) or end


def _above(lines: Sequence[str], last: int, final: str) -> int | None:
    """Return the index where the introduction begins whose last line is the one before `last`."""
    best, found = None, 0
    text = ""
    for start in range(last - 1, max(-1, last - 1 - MAX_LINES_OF_INTRODUCTION), -1):
        line = without_directions(lines[start]).strip()
        if not line and not (text.startswith("<") and start < last - 1):
            break
        is_fragment = "@" in line or line.startswith("<") or not line
        if start < last - 1 and ((len(line) < 25 and not is_fragment) or is_marked(line)):
            break
        text = f"{line} {text}".strip()
        if len(text) > MAX_INTRODUCTION:
            break
        if (signs := signs_in(text)) > found:
            best, found = start, signs
        if start < last - 1 and _SENTENCE_END.search(line):
            break
    if best is not None and found >= 2:
        name = lines[best - 1].strip() if best else ""
        # "On Wed, Somebody", and the address in the next line.
        is_begun = (
            lines[best].lstrip().startswith("<") and 0 < len(name) <= 80 and not _SENTENCE_END.search(name)
        )
        return best - 1 if is_begun and not is_marked(name) else best
    is_bare = len(final) <= 80 and _ENDS_WITH_WROTE.search(final.rstrip(" :："))
    return last - 1 if is_bare else None
