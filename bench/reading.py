"""Compare how mails are read, by us and by other libraries: our own cases and public collections."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from bench.reading_peers import PEERS, replies_of
from tests.replies.kinds import KINDS, OURS, OWN
from tests.replies.samples import KEPT, PLAIN
from wellchat.replies.mailtext import split_reply, without_marks

# name -> (folder of mails, folder of replies or the peer whose output is the expectation)
COLLECTIONS = {
    "trimmer": ("discourse+email_reply_trimmer/test/emails", "discourse+email_reply_trimmer/test/trimmed"),
    "crisp": ("crisp-oss+email-reply-parser/test/fixtures", "crisp"),
    "github": ("github+email_reply_parser/test/emails", "github"),
    "mail-parser-reply": ("alfonsrv+mail-parser-reply/test/emails", "mail-parser-reply"),
    "willdurand": ("willdurand+EmailReplyParser/tests/Fixtures", "crisp"),
    "zapier": ("zapier+email-reply-parser/test/emails", "email-reply-parser"),
}


def _same(one: str, other: str) -> bool:
    """Return whether two texts have the same words, whatever blanks stand between them."""
    return one.split() == other.split()


def _own(tables: dict[str, tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [text for text, _ in tables.values()], [words for _, words in tables.values()]


def _collection(name: str, folder: Path) -> tuple[list[str], list[str] | str]:
    """Return the mails of a collection and what is expected of each: texts, or the name of a peer."""
    mails, expected = COLLECTIONS[name]
    files = sorted((folder / mails).glob("*.txt"))
    texts = [file.read_text(encoding="utf-8", errors="replace") for file in files]
    if expected in PEERS:
        return texts, expected
    return texts, [(folder / expected / file.name).read_text(encoding="utf-8") for file in files]


def _ours(texts: list[str], slowest: list[float]) -> list[str]:
    found = []
    for text in texts:
        began = time.perf_counter()
        found.append(without_marks(split_reply(text, OURS).words))
        slowest.append(time.perf_counter() - began)
    return found


def compare(folder: Path | None, show: Callable[[list[str]], None]) -> float:
    """Compare all that is there, one row each: name, mails, right by us and by each peer. Return the slowest.

    The slowest is in seconds, of one mail read by us.
    """
    slowest: list[float] = []
    sets: dict[str, tuple[list[str], list[str] | str]] = {
        "own: programs": _own(PLAIN),
        "own: kinds": _own(KINDS),
        "own: words to keep": _own({name: (text, text) for name, text in (KEPT | OWN).items()}),
    }
    if folder is not None:
        sets |= {
            name: _collection(name, folder)
            for name in COLLECTIONS
            if (folder / COLLECTIONS[name][0]).exists()
        }
    for name, (texts, expected) in sets.items():
        others = {peer: replies_of(peer, texts, folder) if folder else None for peer in PEERS}
        right = others[expected] if isinstance(expected, str) else expected
        cells = [name, str(len(texts))]
        for found in (_ours(texts, slowest), *others.values()):
            cells.append("" if found is None or right is None else str(sum(map(_same, found, right))))
        show(cells)
    return max(slowest)


@click.command()
@click.option(
    "--peers", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with venv/, node_modules/ and the collections; see docs/speed.md.",
)  # fmt: skip
def main(peers: Path | None) -> None:
    """Count how many mails are read right, by us and by other libraries."""
    table = Table("mails", "n", "wellchat", *PEERS, title="the same words as expected")
    slowest = compare(peers.resolve() if peers else None, lambda cells: table.add_row(*cells))
    console = Console()
    console.print(table)
    console.print(f"slowest mail: {slowest * 1000:.0f} ms")
