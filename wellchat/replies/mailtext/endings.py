"""Find what stands at the end of a mail and is nobody's words: a signature, a phone's line, rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

from wellchat.replies.mailtext import marks
from wellchat.replies.mailtext.lines import RULE, is_blank, mark_of
from wellchat.replies.mailtext.locale_patterns import ADVERTISED, DEVICE, SENT_FROM

MAX_SIGNATURE = 12  # lines below two dashes without a space; a longer end is no signature
_TAIL = r"(?:[.,;!]?\s{0,2}(?:please|pls|sorry|excuse|forgive|apolog|pardon|entschuldig|bitte)\b.{0,80})?"
_LINK = r"(?:\s?[<(\[]?(?:https?://|www\.)\S{1,200})?"
_OPEN, _CLOSE = r"^[\W_]{0,4}", r"[\W_]{0,4}$"
_SENT_FROM_DEVICE = re.compile(
    rf"{_OPEN}(?:{SENT_FROM}).{{0,50}}(?:{DEVICE})(?!\w).{{0,45}}?{_LINK}{_TAIL}{_CLOSE}", re.IGNORECASE
)
_SENT_FROM_MY = re.compile(
    rf"{_OPEN}sent (?:from|via) my (?:[\w'-]+\s?){{1,5}}{_LINK}{_TAIL}{_CLOSE}", re.IGNORECASE
)
_SENT_WITH = re.compile(
    rf"{_OPEN}(?i:sent (?:from|with|using|via)) (?:\[?(?i:mail)\]?\S{{0,100}} for (?i:windows).{{0,5}}"
    rf"|(?:[A-Z]\w+\s?){{1,3}}(?:app)?)"
    rf"{_LINK}{_CLOSE}"
)
_ADVERTISED = re.compile(rf"{_OPEN}(?:{ADVERTISED}){_LINK}{_TAIL}{_CLOSE}", re.IGNORECASE)
_FROM_PHONE = re.compile(r"^(?:\w+ )?from (?:my )?(?:mobile|phone|i?phone|ipad)(?: ?\d+)?$", re.IGNORECASE)
# A person goes on: "Sent from Outlook I never get your files".
_FIRST_WORD, _TAIL_END = re.compile(r"^\W*\w+"), re.compile(f"{_TAIL}$", re.IGNORECASE)
_PERSON = re.compile(
    r"\b(?:i|you|your|we|he|she|they|was|were|is|are|will|can|never|not|but|yesterday|today|tomorrow|to|geht|ist"
    r"|kann|ich|du|sie|wir|nicht|aber|je|vous|nous|yo|usted|ik|jij|niet)\b",
    re.IGNORECASE,
)


def is_device_line(line: str) -> bool:
    """Return whether a line is a phone's or a program's: "Sent from my iPhone". A question never is."""
    text = line.strip(" \t\u00a0*")
    if not text or len(text) > 200 or "?" in re.sub(r"https?://\S+", "", text) or "？" in text:
        return False
    if _ADVERTISED.match(text) or _SENT_WITH.match(text):
        return True
    found = _SENT_FROM_DEVICE.match(text) or _SENT_FROM_MY.match(text)
    return bool(found) and not _PERSON.search(_FIRST_WORD.sub("", _TAIL_END.sub("", text)))


def signature_starts(lines: Sequence[str]) -> int:
    """Return the index of the line of dashes above a signature (RFC 3676, section 4.3). len(lines): none."""
    # How many lines with words there are from each line on.
    rest = list(accumulate((not is_blank(line) for line in reversed(lines)), initial=0))[::-1]
    for index, line in enumerate(lines):
        if line == "-- " or (line.strip() in ("--", "—") and rest[index + 1] <= MAX_SIGNATURE):
            return index
    return len(lines)


def trailing(lines: Sequence[str]) -> int:
    """Return the index from which on there are only phones' lines, rules and empty lines."""
    end = len(lines)
    while end:
        line = lines[end - 1]
        below = next((each for each in lines[end:] if not is_blank(each)), "")
        is_end = (
            is_blank(line)
            or RULE.match(line)
            or mark_of(line) == marks.SIGNATURE
            or is_device_line(line)
            or (is_device_line(below) and _FROM_PHONE.match(line.strip()))
        )
        if not is_end:
            break
        end -= 1
    return end
