"""Find digits that are spelled out, in English, German and French."""

from __future__ import annotations

import re
from collections.abc import Iterator

MIN_DIGITS = 7
MIN_WORDS = 4
MAX_GAP = 4  # characters between two of them
MAX_ATOM = 120  # letters of one run of number words

_ONES = (
    *("zero", "oh", "nought", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("null", "ein", "eins", "zwei", "zwo", "drei", "vier", "fünf", "fuenf", "sechs", "sieben", "acht"),
    *("neun", "zéro", "un", "une", "deux", "trois", "quatre", "cinq", "sept", "huit", "neuf"),
)
_TEENS = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    *("nineteen", "zehn", "elf", "zwölf", "zwoelf", "dreizehn", "vierzehn", "fünfzehn", "fuenfzehn"),
    *("sechzehn", "siebzehn", "achtzehn", "neunzehn", "dix", "onze", "douze", "treize", "quatorze"),
    *("quinze", "seize"),
)
_TENS = (
    *("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"),
    *("zwanzig", "dreissig", "dreißig", "vierzig", "fünfzig", "fuenfzig", "sechzig", "siebzig"),
    *("achtzig", "neunzig", "vingt", "vingts", "trente", "quarante", "cinquante", "soixante"),
)
_GLUE = ("und", "et")  # as in vierunddreißig and vingt-et-un
_REPEATS = {"double": 1, "doppel": 1, "triple": 2}  # digits more than the word that follows
_PLUS = "plus"
_DIGITS = (
    dict.fromkeys(_ONES, 1) | dict.fromkeys(_TEENS + _TENS, 2) | dict.fromkeys((*_GLUE, _PLUS), 0) | _REPEATS
)
# The longer word first: "seventy" begins with "seven".
_WORD = re.compile("|".join(sorted(_DIGITS, key=len, reverse=True)))
_ATOM = re.compile(r"[^\W\d_]+|[0-9]+")
# Before what has words for two digits, as French has. "Ten, twenty, thirty, forty" counts; it is no number.
_FIRST = ("zero", "oh", "null", "zéro", "nought", _PLUS)


def find_spelled_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of a canonical text that spell a number of MIN_DIGITS digits or more.

    At least MIN_WORDS of them are words, and each follows the one before within MAX_GAP characters.
    """
    run: list[tuple[int, int, list[str]]] = []
    for atom in _ATOM.finditer(text):
        words = _words_of(atom[0])
        apart = run and (atom.start() - run[-1][1] > MAX_GAP or words is None)
        if apart:
            yield from _if_number(run)
            run = []
        if words is not None:
            run.append((atom.start(), atom.end(), words))
    yield from _if_number(run)


def _words_of(atom: str) -> list[str] | None:
    """Return the number words or digits of which a run of letters or digits consists. None: of others."""
    if atom.isascii() and atom.isdigit():
        return list(atom)
    if len(atom) > MAX_ATOM:
        return None
    words, at = [], 0
    while at < len(atom):
        found = _WORD.match(atom, at)
        if found is None:
            return None
        words.append(found[0])
        at = found.end()
    return words


def _if_number(run: list[tuple[int, int, list[str]]]) -> Iterator[tuple[int, int]]:
    # "und" and "et" belong to a number only inside it.
    while run and run[0][2][0] in _GLUE:
        run = run[1:]
    while run and run[-1][2][-1] in (*_GLUE, _PLUS, *_REPEATS):
        run = run[:-1]
    words = [word for _, _, found in run for word in found]
    spelled = [word for word in words if word in _DIGITS and word not in _GLUE]
    if len(spelled) < MIN_WORDS:
        return
    starts_like_one = words[0] in (*_FIRST, "0")
    if any(word in _TEENS or word in _TENS for word in words) and not starts_like_one:
        return
    if _count(words) >= MIN_DIGITS:
        yield run[0][0], run[-1][1]


def _count(words: list[str]) -> int:
    """Return how many digits the words stand for: "thirty-four" is two, as "thirty" is."""
    count = 0
    for number, word in enumerate(words):
        following = words[number + 1] if number + 1 < len(words) else ""
        is_joined = word in _TENS and (following in _ONES or following in _TEENS)
        count += 1 if is_joined else _DIGITS.get(word, 1)
    return count
