"""Verify the chain of the security log, and name every row that is not as it was sealed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from wellchat.audit import chain
from wellchat.audit.models import AuditEvent, AuditGap, AuditHead, AuditState
from wellchat.audit.trimming import gaps_digest
from wellchat.db import db, table

BATCH = 1000
MOST_FINDINGS = 20  # one cause can touch every row after it
AUDIT = table(AuditEvent)


@dataclass
class Verdict:
    """The result of a verification. `findings` are sentences, each about one row; empty: nothing changed."""

    rows: int = 0
    trimmed: int = 0
    waiting: int = 0  # rows without a number: the worker seals them within seconds
    seq: int = 0
    hash: str = ""
    findings: list[str] = field(default_factory=list)

    def add(self, finding: str) -> None:
        """Take down a finding, up to MOST_FINDINGS."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)


@dataclass
class Walk:
    """One walk along the chain, from its start or from a row whose hash is known."""

    verdict: Verdict
    keys: dict[str, chain.Key]
    gaps: dict[int, AuditGap]
    heads: dict[int, str]

    def step(self, row: Mapping[Any, Any]) -> None:
        """Compare one row with the one before it and with its own hash."""
        verdict, seq = self.verdict, row["seq"]
        self.skip_to(seq)
        key = self.keys.get(row["key_id"])
        if row["previous"] != verdict.hash:
            verdict.add(f"row {seq} does not follow the row before it")
        if key is None:
            verdict.add(f"row {seq} is sealed with the key {row['key_id']}, which WELLCHAT_AUDIT_KEY lacks")
        elif key.seal(row["previous"] or "", row) != row["hash"]:
            verdict.add(f"row {seq} ({row['kind']}, {row['id']}) was changed")
        verdict.rows += 1
        # On with the hash that stands there: a changed row must not make a finding of each row after it.
        self._arrive(seq, row["hash"])

    def skip_to(self, seq: int) -> None:
        """Go over trimmed rows up to before `seq`; what else is missing is a finding."""
        while self.verdict.seq + 1 < seq:
            missing = self.verdict.seq + 1
            gap = self.gaps.get(missing)
            # A gap that reaches over a row that is there was not made by a trim.
            if gap is None or gap.last >= seq:
                self._miss(missing, seq)
                return
            self.verdict.trimmed += gap.last - missing + 1
            self._arrive(gap.last, gap.hash)

    def _miss(self, first: int, seq: int) -> None:
        following = min((start for start in self.gaps if first < start < seq), default=seq)
        last = following - 1
        self.verdict.add(
            f"row {first} is missing" if first == last else f"rows {first} to {last} are missing"
        )
        # The row after them names the hash it expects; that it does not fit was said just now.
        self._arrive(last, self._previous_of(following))
        self.skip_to(seq)

    def _previous_of(self, seq: int) -> str:
        found = db.session.execute(select(AUDIT.c.previous).where(AUDIT.c.seq == seq)).scalar()
        return found or ""

    def _arrive(self, seq: int, digest: str) -> None:
        self.verdict.seq, self.verdict.hash = seq, digest
        if self.heads.get(seq, digest) != digest:
            self.verdict.add(f"row {seq} is not the row that was kept as a head")


def verify(*, head: tuple[int, str] | None = None, after: int = 0, limit: int | None = None) -> Verdict:
    """Verify the chain, all of it or `limit` rows after the row `after`.

    `head`: (number, hash) of a row, kept outside of the database. Without it, a log whose end was cut off by
    somebody who may change every table looks whole.
    """
    verdict = Verdict(seq=after, hash=_hash_at(after) if after else "")
    heads = dict(db.session.execute(select(AuditHead.seq, AuditHead.hash).where(AuditHead.seq > after)).all())
    if head:
        # The given one counts: those in the database may have been changed together with the rows.
        heads[head[0]] = head[1]
    gaps = {gap.first: gap for gap in db.session.execute(select(AuditGap)).scalars()}
    walk = Walk(verdict, {key.id: key for key in chain.all_keys()}, gaps, heads)
    for row in _rows(after, limit):
        walk.step(row)
    # A part of the chain says nothing about its end, nor about rows trimmed elsewhere.
    if limit is None:
        _check_end(walk, max([0, *heads]))
        _check_gaps(verdict, gaps)
    waiting = select(func.count()).select_from(AUDIT).where(AUDIT.c.seq.is_(None))
    verdict.waiting = db.session.execute(waiting).scalar_one()
    return verdict


def _rows(after: int, limit: int | None) -> Iterator[Mapping[Any, Any]]:
    """Yield sealed rows by number, BATCH at a time: a log does not fit into memory."""
    left = limit
    while left is None or left > 0:
        size = BATCH if left is None else min(BATCH, left)
        query = select(AUDIT).where(AUDIT.c.seq > after).order_by(AUDIT.c.seq).limit(size)
        found = db.session.execute(query).mappings().all()
        yield from found
        if len(found) < size:
            return
        after, left = found[-1]["seq"], None if left is None else left - size


def _hash_at(seq: int) -> str:
    row = db.session.execute(select(AUDIT.c.hash).where(AUDIT.c.seq == seq)).scalar()
    return row or db.session.execute(select(AuditGap.hash).where(AuditGap.last == seq)).scalar() or ""


def _check_end(walk: Walk, last_head: int) -> None:
    """Find a tail that is missing: heads, the state and trimmed rows at the end know of it."""
    verdict = walk.verdict
    last_gap = max((gap.last for gap in walk.gaps.values()), default=0)
    if last_gap > verdict.seq:
        walk.skip_to(last_gap + 1)
    was = max(last_head, db.session.execute(select(AuditState.seq)).scalar() or 0)
    if was > verdict.seq:
        verdict.add(f"the log ends at {verdict.seq}, was {was}")


def _check_gaps(verdict: Verdict, gaps: dict[int, AuditGap]) -> None:
    """Hold each gap to the row of the log that says what was trimmed."""
    by_trim: dict[str, list[AuditGap]] = {}
    for gap in gaps.values():
        by_trim.setdefault(gap.trim_id, []).append(gap)
    # These rows are never trimmed themselves, so each honest gap has its row.
    query = select(AUDIT.c.id, AUDIT.c.detail).where(AUDIT.c.kind == "audit.trimmed")
    known = dict(db.session.execute(query).all())
    for trim_id, trimmed in by_trim.items():
        if known.get(trim_id, {}).get("digest") != gaps_digest(trimmed):
            places = ", ".join(f"{gap.first} to {gap.last}" for gap in sorted(trimmed, key=lambda g: g.first))
            verdict.add(f"rows {places} are missing, and no row audit.trimmed says so")
