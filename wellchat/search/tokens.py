"""What the index holds of a message: numbers, each standing for one thing that can be asked for.

Every question is "all of these", each of them one number or any of a few, which both databases answer from one index
without ever reading all that begins with something. So the beginnings of words are tokens, and so is each word with one
letter left out: two words of which one is a slip of the other have such a rest in common. Whose a message is, when it
was said and where are tokens too, and keep the answer to the asker's own. A token is 32 bits of a longer text: what two
share by chance is sorted out by matching.py, which reads the message itself.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime

from wellchat.search.normalise import split_words

# letters of the beginnings that are kept; what is longer is looked at in the message
PREFIX_LENGTHS = (
    3,
    4,
    5,
    7,
)
MIN_FUZZY_LENGTH = 5  # letters from which on a word may have a slip in it
MAX_FUZZY_LENGTH = 16  # letters of a word that is likely to be misspelt, and not a number of something
MAX_TYPO_WORDS = 500  # different words of one message whose slips are kept

Groups = list[list[int]]  # all of them, each by any of its tokens


def number(text: str) -> int:
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
    """Everything the index holds of a message."""
    found = dict.fromkeys([in_thread(thread_id)])
    for person in people:
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
    return sorted(set(map(number, found)))


def query_tokens(query: str, *, fuzzy: bool = False) -> Groups:
    """What a message must have to be an answer to `query`; a slip in a word is forgiven if `fuzzy`."""
    groups: Groups = []
    for word in split_words(query):
        if word.ranges:
            groups += [[number(piece)] for piece in _pieces(word.text, single=len(word.text) == 1)]
            continue
        longest = [*_prefixes(word.text)][-1]
        typos = _queried_typos(word.text) if fuzzy else ()
        groups.append([number(token) for token in (longest, *typos)])
    return groups


FILE = "+file"


def in_thread(thread_id: str) -> str:
    return f"/{thread_id}"


def about(subject_id: str) -> str:
    return f"${subject_id}"


def for_user(user_id: str) -> str:
    return f"@{user_id}"


def in_year(user_id: str, at: datetime) -> str:
    return f"@{user_id}{at:%Y}"


def in_month(user_id: str, at: datetime) -> str:
    return f"@{user_id}{at:%Y-%m}"


def _prefixes(word: str) -> Iterator[str]:
    """One and two letters are whole words; what begins with three or more is found by its beginning."""
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
    """The word with each one of its letters left out."""
    return {word[:at] + word[at + 1 :] for at in range(len(word))}


def _indexed_typos(word: str) -> Iterator[str]:
    if MIN_FUZZY_LENGTH - 1 <= len(word) <= MAX_FUZZY_LENGTH:
        yield f"~{word}"
        if len(word) >= MIN_FUZZY_LENGTH:
            yield from (f"~{deletion}" for deletion in deletions(word))


def _queried_typos(word: str) -> Iterator[str]:
    if MIN_FUZZY_LENGTH <= len(word) <= MAX_FUZZY_LENGTH:
        yield from (f"~{deletion}" for deletion in (word, *sorted(deletions(word))))
