"""Extract the new text from a mail that quotes everything before it.

The introduction of a quote is recognised by its shape first (a date, a time, an address, a colon at the end),
and by words of a language only if the shape is not enough. In doubt words are kept: too much text is a
blemish, a lost sentence is a loss.
"""

from __future__ import annotations

import re
from itertools import takewhile

from wellchat.replies.locale_patterns import FROM, SENT, SENT_FROM_DEVICE, WROTE

_FROM_LINE = re.compile(rf"^\W{{0,3}}(?:{FROM})\s?\*?\s?[:：]\*?\s?\S", re.IGNORECASE)
_SENT_LINE = re.compile(rf"^\W{{0,3}}(?:{SENT})\s?\*?\s?[:：]\*?\s?\S", re.IGNORECASE)
_LABELLED = re.compile(r"^\W{0,3}[^\W\d_][^:：\n]{0,24}[:：]\*?\s?\S")
_RULED = re.compile(r"^\s{0,9}\*?(?:-{5,}|_{5,})\s?[^\W\d_][^\n]{3,60}?\s?(?:-{5,}|_{5,})\s*$")
_OURS = re.compile(r"^[\s*]{0,9}\d+ new messages? waits? for you\b")
_OUR_GREETING = re.compile(r"^[\s*]{0,9}Hello .{0,120}$|^.{0,60} \(https?://\S{1,200}/\)$")
_SIGNS = (
    re.compile(r"\b(?:19|20)\d\d\b|(?:19|20)\d\d\s?年|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b"),
    re.compile(r"\d{1,2}\s?[:.h时時]\s?\d{2}"),
    re.compile(r"\S@\S"),
    re.compile(rf"(?:{WROTE})", re.IGNORECASE),
)
_ENDS_WITH_WROTE = re.compile(rf"(?:{WROTE})\W{{0,3}}$", re.IGNORECASE)
_SENT_FROM_DEVICE = re.compile(rf"^\W{{0,3}}(?:{SENT_FROM_DEVICE})", re.IGNORECASE)
# At most 200 characters: on a longer line the pattern backtracks for too long.
_RULE = re.compile(r"^(?=.{3,200}$)[\s*]*[-_=*]{3,}[\s*]*$")
MAX_SIGNATURE = 12  # lines; a longer end is no signature
MAX_INTRODUCTION = 400  # characters of what introduces a quote
MAX_LINES = 20_000


def extract_reply(text: str) -> str:
    """Return what is new in a mail. "": it only quotes."""
    lines = [line.rstrip("\t\r\n\u00a0\u200b\u200e\u200f") for line in text.split("\n")[:MAX_LINES]]
    lines = _before_full_quote(lines)
    lines = _without_quotes(lines)
    lines = _without_signature(lines)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines).strip())


def _before_full_quote(lines: list[str]) -> list[str]:
    """Return the lines before an earlier mail that is quoted whole, without a mark on each line."""
    for index, line in enumerate(lines):
        if len(line) > MAX_INTRODUCTION:
            continue
        if _OURS.match(line):
            return _strip_trailing(lines[:index], _OUR_GREETING)
        if _RULED.match(line) or _is_header_block(lines, index):
            return _strip_trailing(lines[:index], _RULE)
        if line.rstrip().endswith((":", "：")) and not line.lstrip().startswith(">"):
            # Three signs, because no marked line below confirms it.
            above = _introduction(lines[max(0, index - 5) : index + 1], min_signs=3)
            if above and not _is_quoted_next(lines, index + 1):
                return lines[: index + 1 - above]
    return lines


def _strip_trailing(lines: list[str], what: re.Pattern[str]) -> list[str]:
    """Return the lines without blank lines, lines like `what`, and an introduction at their end."""
    while lines and (not lines[-1].strip() or what.match(lines[-1]) or _RULE.match(lines[-1])):
        lines = lines[:-1]
    above = _introduction(lines, min_signs=2)
    return lines[: len(lines) - above] if above else lines


def _is_header_block(lines: list[str], index: int) -> bool:
    """Return whether a header block like Outlook's begins here: From, Sent, one more, a date or address."""
    if not _LABELLED.match(lines[index]):
        return False
    near = [line for line in lines[index : index + 10] if line.strip()][:6]
    block = list(takewhile(_LABELLED.match, near))
    sent = next((line for line in block if _SENT_LINE.match(line)), None)
    if len(block) < 3 or sent is None or not any(_FROM_LINE.match(line) for line in block):
        return False
    return any(sign.search(sent) for sign in _SIGNS[:2]) or any("@" in line for line in block)


def _is_quoted_next(lines: list[str], index: int) -> bool:
    following = next((line for line in lines[index : index + 3] if line.strip()), "")
    return following.lstrip().startswith(">")


def _introduction(lines: list[str], *, min_signs: int) -> int:
    """Return how many of the last lines introduce the quote that follows. 0: none do.

    `min_signs` is how many of the four signs must be there.
    """
    lines = lines[-8:]
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    if not lines or not lines[-1].rstrip(" *\u200e\u200f").endswith((":", "：")):
        return 0
    best = found = 0
    for count in range(1, min(4, len(lines)) + 1):
        above = lines[-count]
        if count > 1 and (len(above.strip()) < 25 or above.lstrip().startswith(">")):
            break
        text = " ".join(line.strip() for line in lines[-count:])
        if len(text) > MAX_INTRODUCTION:
            break
        signs = sum(bool(sign.search(text)) for sign in _SIGNS)
        if min_signs > 2 and not _SIGNS[-1].search(text):
            signs = 0
        if signs > found:
            best, found = count, signs
    if found >= min_signs:
        return best
    is_bare = (
        min_signs < 3
        and len(lines[-1]) <= 80
        and _ENDS_WITH_WROTE.search(lines[-1].rstrip(" :：\u200e\u200f"))
    )
    return best if is_bare and best == 1 else 0


def _without_quotes(lines: list[str]) -> list[str]:
    kept: list[str] = []
    in_quote = False
    for line in lines:
        is_quote = line.lstrip().startswith((">", "＞"))
        if is_quote and not in_quote and (above := _introduction(kept, min_signs=2)):
            while not kept[-1].strip():
                kept.pop()
            del kept[len(kept) - above :]
        if not is_quote:
            kept.append(line)
        in_quote = is_quote or (in_quote and not line.strip())
    return kept


def _without_signature(lines: list[str]) -> list[str]:
    for index, line in enumerate(lines):
        if line == "-- " or (line.strip() in ("--", "—") and _is_little(lines[index + 1 :])):
            lines = lines[:index]
            break
    while lines:
        last = lines[-1].strip()
        if last and not _RULE.match(last) and not (len(last) <= 120 and _SENT_FROM_DEVICE.match(last)):
            break
        lines = lines[:-1]
    return lines


def _is_little(lines: list[str]) -> bool:
    return sum(1 for line in lines if line.strip()) <= MAX_SIGNATURE
