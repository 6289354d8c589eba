"""The shape of the house, read from the source: who may import whom, who commits, who reads the clock."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from wellchat.features import FEATURES

ROOT = Path(__file__).parent.parent
SOURCES = sorted([*ROOT.glob("wellchat/**/*.py"), *ROOT.glob("worker/**/*.py")])
PURE = {"models.py", "actions.py", "queries.py"}
# Messaging has its actions and queries in several modules.
PURE |= {
    f"{name}.py"
    for name in (
        *("threads", "memberships", "messages", "reactions", "receipts", "mutation"),
        *("dispatch", "refresh", "statements", "navigation", "serializers"),
    )
}
WEB = {
    "flask",
    "flask_login",
    "flask_wtf",
    "flask_limiter",
    "apiflask",
    "werkzeug",
    "wellchat.web",
    "wellchat.templating",
}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def feature_of(path: Path) -> str | None:
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "wellchat" and parts[1] in FEATURES else None


def imports(path: Path) -> Iterator[str]:
    """Return the modules that a file imports, without those under TYPE_CHECKING (no run-time dependency)."""
    tree = ast.parse(path.read_text())
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: a relative import hides where it leads"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_of(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def calls(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


each_source = pytest.mark.parametrize("path", SOURCES, ids=name_of)


def test_features_are_the_packages_that_are_there() -> None:
    packages = {path.parent.name for path in ROOT.glob("wellchat/*/__init__.py")}
    assert packages - {"longpoll"} == set(FEATURES), "longpoll is of the core"


@each_source
def test_features_import_downward_only(path: Path) -> None:
    feature = feature_of(path)
    if feature is None:
        return
    above = FEATURES[FEATURES.index(feature) + 1 :]
    upward = [m for m in imports(path) for other in above if is_of(m, f"wellchat.{other}")]
    assert not upward


@each_source
def test_rules_know_nothing_of_the_web(path: Path) -> None:
    if feature_of(path) and path.name in PURE:
        assert not [m for m in imports(path) for framework in WEB if is_of(m, framework)]


@each_source
def test_only_db_commits(path: Path) -> None:
    if name_of(path) != "wellchat/db.py":
        assert not [line for line, call in calls(path) if call.endswith((".commit", ".begin_nested"))]


@each_source
def test_only_clock_reads_the_clock(path: Path) -> None:
    readers = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "func.now")
    if name_of(path) != "wellchat/clock.py":
        assert not [(line, call) for line, call in calls(path) if call.endswith(readers)]
