"""Find contact data in a text: telephone numbers, addresses, links, and handles of messengers.

Every door asks `find_contacts`, so each text is judged by the same rules. docs/masking.md has them, and the
rates that the tests measure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from wellchat.links import find_links
from wellchat.masking.canonical import canonical
from wellchat.masking.harmless import without_harmless
from wellchat.masking.number_words import find_spelled_numbers

KINDS = PHONE, EMAIL, LINK, HANDLE = ("phone", "email", "link", "handle")
MIN_DIGITS = 8
MAX_LENGTH = 20_000  # characters; what is longer is hidden from there on
MAX_FOUND = 100  # in one text; behind them all is one range
MAX_LINK = 500  # characters of an address that are looked at
MAX_TRIES = 2_000  # possible numbers in one text
ENDINGS = "com|net|org|info|biz|eu|de|fr|ch|uk|nl|be|lu|es|pt|pl|dk|se|io|app|shop|online|me|ly|ee"

_LOCAL = r"(?<![a-z0-9._%+-])[a-z0-9][a-z0-9._%+-]{0,63}"
_AT = r"(?: ?@ ?| ?[(\[{<] ?(?:at|ät|arobase|a) ?[)\]}>] ?)"
_DOT = r"(?: ?[(\[{<] ?(?:dot|punkt|point|\.) ?[)\]}>] ?| (?:dot|punkt|point) | \. ?|\.)"
_DOT_WORD = r"(?: ?[(\[{<] ?(?:dot|punkt|point|\.) ?[)\]}>] ?| (?:dot|punkt) )"
_NAME = r"[a-z0-9-]{1,63}"
_EMAIL = re.compile(
    rf"(?:{_LOCAL} \. )?{_LOCAL}{_AT}{_NAME}(?:{_DOT}{_NAME}){{1,4}}"
    rf"|{_LOCAL} (?:at|ät|arobase) {_NAME}(?:{_DOT_WORD}{_NAME}){{1,3}}"
    rf"|{_LOCAL} (?:at|ät|arobase) {_NAME}(?:\.{_NAME}){{0,2}}\.(?:{ENDINGS})(?![a-z0-9-])"
    rf"|{_LOCAL} arobase {_NAME}(?: point {_NAME}){{1,3}}"
    r"|(?<![a-z0-9])(?:[a-z0-9._-] ){2,40}@(?: [a-z0-9._-](?![a-z0-9])){4,60}"
)
_LINK = re.compile(r"(?:h(?:tt|xx)ps?://|(?<![a-z0-9_.@/-])www\.)[^\s<>\"']+")
_HOST = re.compile(
    rf"(?<![a-z0-9@._/-])(?:[a-z0-9-]{{2,63}}\.){{1,4}}(?:{ENDINGS})(?![a-z0-9-]|\.[a-z0-9])(?:/[^\s]*)?"
    r"|(?<![a-z0-9@._-])(?:t|m|ig)\.me/[^\s]+"
    rf"|(?<![a-z0-9@._-])[a-z0-9-]{{3,63}}{_DOT_WORD}(?:com|net|org|de|fr|io|ch)(?![a-z0-9-])"
)
_SERVICE = (
    "whats ?app|telegram|instagram|insta|signal|snapchat|snap|threema|skype|discord|wechat|viber|facebook"
    "|messenger|tiktok|kik|twitter|gmail|gmx|hotmail|icloud|yahoo|proton"
)
_FILLER = (
    r"(?:(?:is|ist|est|c'est|name|handle|user|username|nick|id|unter|me|mich|moi|add|on|at|my|as|als|the)\b)"
)
_SAID = r"(@?[a-z0-9][a-z0-9._-]{2,40}(?:#[0-9]{4})?)"
_HANDLE = re.compile(rf"\b(?:{_SERVICE})\b((?:[\s:=>,\-]{{1,3}}{_FILLER}){{0,4}}[\s:=>\-]{{1,4}}){_SAID}")
_HANDLE_BEFORE = re.compile(
    rf"(?<![a-z0-9._@])(@[a-z0-9][a-z0-9._]{{2,40}})(?= (?:on|at|in|auf|bei|sur|via|@) ?(?:{_SERVICE})\b)"
)
_SEPARATOR = re.compile(r"[_*:|]|[\u2022\u00b7]")
_WITH_LETTER_O = re.compile(r"(?<![a-z0-9])(?=[0-9o]*[0-9])[0-9o]{3,}(?![a-z0-9])")


class Found(NamedTuple):
    """One piece of contact data: its range in the original text, and which of KINDS it is."""

    start: int
    end: int
    kind: str


def find_contacts(text: str, *, regions: Sequence[str], hosts: Sequence[str] = ()) -> list[Found]:
    """Return the contact data in a text, in order and without overlap.

    `regions` are those whose national numbers count (ISO 3166). Links to `hosts` and below them are none. It
    takes time in proportion to the length of the text.
    """
    plain = canonical(text[:MAX_LENGTH])
    numbers = _WITH_LETTER_O.sub(lambda found: found[0].replace("o", "0"), without_harmless(plain.text))
    found = [
        *((*span, EMAIL) for span in _spans(_EMAIL, plain.text)),
        *((*span, LINK) for span in _links(plain.text, hosts)),
        *((*span, HANDLE) for span in _handles(plain.text)),
        *((*span, PHONE) for span in _phones(numbers, regions)),
        *((*span, PHONE) for span in find_spelled_numbers(numbers)),
    ]
    shown = [Found(*plain.original(start, end), kind) for start, end, kind in found]
    if len(text) > MAX_LENGTH:
        shown.append(Found(MAX_LENGTH, len(text), LINK))
    return _joined(sorted(shown))


def _spans(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    return (found.span() for found in pattern.finditer(text))


def _links(text: str, hosts: Sequence[str]) -> Iterator[tuple[int, int]]:
    for written in _LINK.finditer(text):
        # One address at a time, and cut: so the time stays in proportion to the length.
        link = next(find_links(written[0][:MAX_LINK]), None)
        if link is None:
            # What hides its host is no link, and can be read all the same.
            yield written.span()
        elif not _is_allowed(link.href.partition("://")[2], hosts):
            cut = len(written[0]) > MAX_LINK
            yield written.start(), written.end() if cut else written.start() + link.end
    for found in _HOST.finditer(text):
        if not _is_allowed(found[0], hosts):
            yield found.span()


def _is_allowed(address: str, hosts: Sequence[str]) -> bool:
    host = re.split("[/?#:]", address, maxsplit=1)[0].rstrip(".")
    return any(host == allowed or host.endswith(f".{allowed}") for allowed in hosts)


def _handles(text: str) -> Iterator[tuple[int, int]]:
    """Yield what follows the name of a messenger and looks like a name there, not like a word."""
    for found in _HANDLE.finditer(text):
        said = found[2].rstrip(".-")
        ends_there = re.match(r"\s*(?:[.!,;)]|\n|$)", text[found.start(2) + len(said) :][:8])
        named = ":" in found[1] and ends_there and len(said) >= 5
        if said.startswith("@") or re.search("[0-9_#]|[a-z]\\.[a-z]", said) or named:
            yield found.start(2), found.start(2) + len(said)
    for found in _HANDLE_BEFORE.finditer(text):
        yield found.span(1)


def _phones(text: str, regions: Sequence[str]) -> Iterator[tuple[int, int]]:
    if sum("0" <= character <= "9" for character in text) < MIN_DIGITS:
        return
    # Here, because the package is heavy, and not there where masking is off.
    from phonenumbers import Leniency, PhoneNumberMatcher

    text = _SEPARATOR.sub(" ", text)
    for region in regions:
        matcher: Any = PhoneNumberMatcher(text, region, leniency=Leniency.VALID, max_tries=MAX_TRIES)
        for match in matcher:
            if sum(character.isdigit() for character in match.raw_string) >= MIN_DIGITS:
                yield match.start, match.end


def _joined(found: list[Found]) -> list[Found]:
    """Return sorted ranges without overlap; of those that overlap, the first says the kind."""
    joined: list[Found] = []
    for each in found:
        if joined and (each.start < joined[-1].end or len(joined) == MAX_FOUND):
            joined[-1] = joined[-1]._replace(end=max(each.end, joined[-1].end))
        else:
            joined.append(each)
    return joined
