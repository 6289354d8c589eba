"""Every kind of the security log is declared, written somewhere, and in the docs."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask

from wellchat.audit.kinds import SEVERITIES, SIGNALS

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `([a-z_]+\.[a-z_]+)` \| (.+?) \|$", re.MULTILINE)


def test_the_docs_have_every_kind_with_its_label(app: Flask) -> None:
    listed = ROW.findall((ROOT / "docs" / "security-log.md").read_text("utf-8"))
    declared = app.extensions["features"].audited
    named = {name: kind.label for name, kind in declared.items()}
    assert dict(listed) == named, "`wellchat audit kinds` prints the rows of the table"
    assert [name for name, _ in listed] == sorted(declared), "the table is in order"


def test_every_declared_kind_is_written_somewhere(app: Flask) -> None:
    source = "\n".join(path.read_text("utf-8") for path in ROOT.glob("wellchat/**/*.py"))
    once = [name for name in app.extensions["features"].audited if source.count(f'"{name}"') < 2]
    assert once == [], "declared, and written by nobody"


def test_names_and_levels_are_of_the_known_form(app: Flask) -> None:
    for name, kind in app.extensions["features"].audited.items():
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", name), name
        assert len(name) <= 40, name
        assert kind.severity in SEVERITIES, name
        assert kind.signal in ("", *SIGNALS), name
