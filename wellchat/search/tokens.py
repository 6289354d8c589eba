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

from wellchat.search.folding import words

EDGES = (3, 4, 5, 7)  # letters of the beginnings that are kept; what is longer is looked at in the message
FORGIVEN = 5  # letters from which on a word may have a slip in it
MAX_FUZZY_LENGTH = 16  # letters of a word that is likely to be misspelt, and not a number of something
MAX_TYPO_WORDS = 500  # different words of one message whose slips are kept

Groups = list[list[int]]  # all of them, each by any of its tokens


def number(text: str) -> int:
    return zlib.crc32(text.encode(errors="surrogatepass")) - 2**31


def of_message(
    body: str, *, at: datetime, people: Iterable[str], thread_id: str, subjects: Iterable[str] = (), has_file: bool
) -> list[int]:
    """Everything the index holds of a message."""
    found = dict.fromkeys([in_thread(thread_id)])
    for person in people:
        found |= dict.fromkeys((ever(person), in_year(person, at), in_month(person, at)))
    found |= dict.fromkeys(map(about, subjects))
    if has_file:
        found[FILE] = None
    slips = 0
    for word in dict.fromkeys((word.text, bool(word.places)) for word in words(body)):
        text, pieces = word
        found |= dict.fromkeys(_pieces(text, single=True) if pieces else _edges(text))
        if not pieces and slips < MAX_TYPO_WORDS:
            slips += 1
            found |= dict.fromkeys(_kept_slips(text))
    return sorted(set(map(number, found)))


def asked(query: str, *, forgiving: bool = False) -> Groups:
    """What a message must have to be an answer to `query`; a slip in a word is forgiven if `forgiving`."""
    groups: Groups = []
    for word in words(query):
        if word.places:
            groups += [[number(piece)] for piece in _pieces(word.text, single=len(word.text) == 1)]
            continue
        longest = [*_edges(word.text)][-1]
        slips = _asked_slips(word.text) if forgiving else ()
        groups.append([number(token) for token in (longest, *slips)])
    return groups


FILE = "+file"


def in_thread(thread_id: str) -> str:
    return f"/{thread_id}"


def about(subject_id: str) -> str:
    return f"${subject_id}"


def ever(user_id: str) -> str:
    return f"@{user_id}"


def in_year(user_id: str, at: datetime) -> str:
    return f"@{user_id}{at:%Y}"


def in_month(user_id: str, at: datetime) -> str:
    return f"@{user_id}{at:%Y-%m}"


def _edges(word: str) -> Iterator[str]:
    """One and two letters are whole words; what begins with three or more is found by its beginning."""
    if len(word) < EDGES[0]:
        yield f"={word}"
    for length in EDGES:
        if length <= len(word):
            yield f"^{word[:length]}"


def _pieces(run: str, *, single: bool) -> Iterator[str]:
    if single:
        yield from (f"#{character}" for character in run)
    yield from (f"#{run[at : at + 2]}" for at in range(len(run) - 1))


def rests(word: str) -> set[str]:
    """The word with each one of its letters left out."""
    return {word[:at] + word[at + 1 :] for at in range(len(word))}


def _kept_slips(word: str) -> Iterator[str]:
    if FORGIVEN - 1 <= len(word) <= MAX_FUZZY_LENGTH:
        yield f"~{word}"
        if len(word) >= FORGIVEN:
            yield from (f"~{rest}" for rest in rests(word))


def _asked_slips(word: str) -> Iterator[str]:
    if FORGIVEN <= len(word) <= MAX_FUZZY_LENGTH:
        yield from (f"~{rest}" for rest in (word, *sorted(rests(word))))
