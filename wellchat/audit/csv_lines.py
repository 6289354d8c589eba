"""Write rows of the security log as comma-separated values (RFC 4180)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from wellchat.audit import chain

CSV_COLUMNS = (
    "seq", "at", "kind", "severity", "outcome", "actor_kind", "actor", "person", "about_kind", "about",
    "network", "device", "request_id", "detail", "id", "previous", "hash", "key_id",
)  # fmt: skip


def csv_head() -> str:
    """Return the first line, with the names of the columns."""
    return _as_line(CSV_COLUMNS)


def csv_line(row: Mapping[Any, Any]) -> str:
    """Return a row as one line; a value may hold line breaks between quotes."""
    plain = chain.plain(row) | {"detail": chain.as_json(row["detail"])}
    return _as_line([_harmless(plain[name]) for name in CSV_COLUMNS])


def _as_line(values: Iterable[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue()


def _harmless(value: Any) -> Any:
    # A spreadsheet would run what begins like a formula, and a device is what a browser says it is.
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t")) else value
