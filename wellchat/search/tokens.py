"""Turn messages and queries into tokens: the numbers that the index stores.

A query is "all of these groups, any token of each", which both databases answer from one index without
scanning prefixes. Therefore prefixes of words are tokens (PREFIX_LENGTHS), and so is every word with one
letter deleted: two words that differ by a typo share such a deletion (the deletion neighbourhood, as in
SymSpell). People, thread and time are tokens too, which limits the results to the viewer's. A token is a
CRC-32 of a text. Collisions are removed later, when matching.py reads the message itself.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from wellchat.search.normalise import Word, split_words
from wellchat.search.numbers import GRAM, Number, find_numbers, grams

VERSION = 2  # of what is indexed: when it rises, the worker indexes every message again
# indexed prefixes in letters; a longer one is checked in the message
PREFIX_LENGTHS = (
    2,
    3,
    4,
    5,
    7,
)
MIN_FUZZY_LENGTH = 5  # letters; shorter words must match exactly
MAX_FUZZY_LENGTH = 16  # letters; longer "words" are mostly numbers and links
MAX_GRAMS = 500  # pieces of numbers per message that are indexed
MAX_TYPO_WORDS = 500  # different words per message whose deletions are indexed

Groups = list[list[int]]  # all groups must match, each by any of its tokens


def number(text: str) -> int:
    """Return the token of a text: a signed 32-bit number."""
    # A lone surrogate has no UTF-8, and must not be an error.
    return zlib.crc32(text.encode(errors="surrogatepass")) - 2**31


def message_tokens(
    body: str,
    *,
    at: datetime,
    people: Iterable[str],
    thread_id: str,
    subjects: Iterable[str] = (),
    has_file: bool,
) -> list[int]:
    """Return all tokens of a message, sorted."""
    found = dict.fromkeys([in_thread(thread_id)])
    for person in people:
        # For both people: the tokens are what keeps a search inside its viewer's messages.
        found |= dict.fromkeys((for_user(person), in_year(person, at), in_month(person, at)))
    found |= dict.fromkeys(map(about, subjects))
    if has_file:
        found[FILE] = None
    typos = 0
    for word in dict.fromkeys((word.text, bool(word.ranges)) for word in split_words(body)):
        text, pieces = word
        found |= dict.fromkeys(_pieces(text, single=True) if pieces else _prefixes(text))
        if not pieces and typos < MAX_TYPO_WORDS:
            typos += 1
            found |= dict.fromkeys(_indexed_typos(text))
    pieces_of_numbers = (f"%{gram}" for each in find_numbers(body) for gram in grams(each))
    found |= dict.fromkeys(islice(pieces_of_numbers, MAX_GRAMS))
    return sorted(set(map(number, found)))


def query_tokens(query: str, *, fuzzy: bool = False) -> Groups:
    """Return the groups of tokens that a message must have to match; `fuzzy` allows one typo per word."""
    groups: Groups = []
    numbers = list(find_numbers(query))
    for word in split_words(query):
        if word.ranges:
            groups += [[number(piece)] for piece in _pieces(word.text, single=len(word.text) == 1)]
            continue
        # The longest indexed prefix is the rarest, so it reads the fewest entries.
        longest = [*_prefixes(word.text)][-1]
        typos = _queried_typos(word.text) if fuzzy else ()
        # The last digits of the number that it belongs to: the message may have grouped it otherwise.
        whole = [f"%{each.digits[-GRAM:]}" for each in numbers if within(word, each)]
        groups.append([number(token) for token in (longest, *typos, *whole)])
    return groups


def within(word: Word, whole: Number) -> bool:
    """Return whether a word is a group of digits of this number."""
    return whole.span[0] <= word.start and word.end <= whole.span[1]


FILE = "+file"


def in_thread(thread_id: str) -> str:
    """Return the text of the token "in this thread"."""
    return f"/{thread_id}"


def about(subject_id: str) -> str:
    """Return the text of the token "about this subject"."""
    return f"${subject_id}"


def for_user(user_id: str) -> str:
    """Return the text of the token "visible to this user"."""
    return f"@{user_id}"


def in_year(user_id: str, at: datetime) -> str:
    """Return the text of the token "visible to this user, sent in this year"."""
    return f"@{user_id}{at:%Y}"


def in_month(user_id: str, at: datetime) -> str:
    """Return the text of the token "visible to this user, sent in this month"."""
    return f"@{user_id}{at:%Y-%m}"


def _prefixes(word: str) -> Iterator[str]:
    """Yield the indexed prefixes of a word. A word of one letter matches only as a whole."""
    if len(word) < PREFIX_LENGTHS[0]:
        yield f"={word}"
    for length in PREFIX_LENGTHS:
        if length <= len(word):
            yield f"^{word[:length]}"


def _pieces(run: str, *, single: bool) -> Iterator[str]:
    if single:
        yield from (f"#{character}" for character in run)
    yield from (f"#{run[at : at + 2]}" for at in range(len(run) - 1))


def deletions(word: str) -> set[str]:
    """Return every variant of the word with one letter deleted."""
    return {word[:at] + word[at + 1 :] for at in range(len(word))}


def _indexed_typos(word: str) -> Iterator[str]:
    if MIN_FUZZY_LENGTH - 1 <= len(word) <= MAX_FUZZY_LENGTH:
        yield f"~{word}"
        if len(word) >= MIN_FUZZY_LENGTH:
            yield from (f"~{deletion}" for deletion in deletions(word))


def _queried_typos(word: str) -> Iterator[str]:
    if MIN_FUZZY_LENGTH <= len(word) <= MAX_FUZZY_LENGTH:
        yield from (f"~{deletion}" for deletion in (word, *sorted(deletions(word))))
