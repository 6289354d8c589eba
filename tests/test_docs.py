"""The docs hold: links lead somewhere, decisions are complete, and what is named in code exists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import click
import pytest
from flask import Flask
from flask.cli import ScriptInfo

from wellchat.cli import cli

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "docs" / "testing.md"
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "findings").glob("*.md")])

FENCE = re.compile(r"^( *)```[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
PART = re.compile(r"^## (.+)$", re.MULTILINE)

FOLDERS = r"(?:wellchat|worker|templates|migrations|tests|bench|docs|findings|\.ci|\.github)"
PATH = re.compile(rf"{FOLDERS}(?:/[\w.-]+)*/?")
MAKE = re.compile(r"(?<![\w./-])make ([a-z]+)")
STARTS = r"(?:^[\s*]*|(?:\bexec|&&|;|\|\|?|\b[A-Z_]+=\S+) +|\.venv/bin/)"  # also a line of cron
COMMAND = re.compile(STARTS + r"wellchat ([a-z][a-z-]*[^|;&']*)")
TEST = re.compile(r"`([\w/.]*)::(test_\w+)`")
SCRIPT_TEST = re.compile(r"`(js/[\w.]+\.test\.js)`")
PARTS = ["Context", "Decision", "Consequences", "What would make us change it"]
MAX_TERMS = 30
MAX_LINES = 60  # of a decision: one page


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def prose(page: Path) -> str:
    """Return the text without code."""
    return SPAN.sub("", FENCE.sub("", page.read_text("utf-8")))


def code(page: Path) -> Iterator[str]:
    """Yield each line of a code block, without its comment and its break, and each code span."""
    text = page.read_text("utf-8")
    for block in FENCE.finditer(text):
        for line in block[2].replace("\\\n", "").splitlines():
            yield re.sub(r"(?:^|\s+)#.*", "", line).rstrip()
    yield from SPAN.findall(FENCE.sub("", text))


@cache
def anchors(page: Path) -> frozenset[str]:
    """Return the anchors of the headings, as the repository host makes them."""
    headings = HEADING.findall(FENCE.sub("", page.read_text("utf-8")))
    texts = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings)
    return frozenset(re.sub(r"[^\w -]", "", text).replace(" ", "-") for text in texts)


def links() -> list[tuple[str, str]]:
    """Return (page, target) of each link that does not lead to another site."""
    found = ((name_of(page), link) for page in PAGES for link in LINK.findall(prose(page)))
    return [(page, link) for page, link in found if not re.match(r"[a-z]+:", link)]


def named(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    """Return (page, what is named in its code), each once."""
    pieces = ((name_of(page), piece) for page in PAGES for piece in code(page))
    return list(dict.fromkeys((page, found) for page, piece in pieces for found in pattern.findall(piece)))


def paths() -> list[tuple[str, str]]:
    """Return (page, path) of each piece of code that is a path and nothing else."""
    pieces = ((name_of(page), piece) for page in PAGES for piece in code(page))
    return list(
        dict.fromkeys((page, piece) for page, piece in pieces if "/" in piece and PATH.fullmatch(piece))
    )


def named_tests() -> list[tuple[str, str]]:
    """Return (file, name) of each test in the guide; a name without a file is of the file before it."""
    found, file = [], ""
    for given, name in TEST.findall(GUIDE.read_text("utf-8")):
        file = given or file
        found.append((file.removeprefix("tests/"), name))
    return found


@pytest.mark.parametrize(("page", "link"), links())
def test_a_link_leads_to_a_file_and_an_anchor_that_exist(page: str, link: str) -> None:
    path, _, anchor = link.partition("#")
    target = ((ROOT / page).parent / path).resolve() if path else ROOT / page
    assert target.exists(), f"{page} links to {link}"
    assert target.is_relative_to(ROOT), f"{page} links out of the repository"
    assert not anchor or anchor in anchors(target), f"{page} links to {link}, and there is no such heading"


@pytest.mark.parametrize(("page", "path"), paths())
def test_a_path_in_the_docs_exists(page: str, path: str) -> None:
    assert (ROOT / path).exists(), f"{page} names {path}"


@pytest.mark.parametrize(("page", "target"), named(MAKE))
def test_a_make_target_in_the_docs_exists(page: str, target: str) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert target in targets, f"{page} names `make {target}`"


@pytest.fixture(scope="module")
def whole_app(make_app: Callable[..., Flask]) -> Flask:
    """The application with what is off by default."""
    return make_app(FEATURES=("events", "coaching"), MASK="before_booking")


@pytest.mark.parametrize(("page", "line"), named(COMMAND))
def test_a_command_in_the_docs_exists_with_its_options(whole_app: Flask, page: str, line: str) -> None:
    context = click.Context(cli, obj=ScriptInfo(create_app=lambda: whole_app))
    found: click.Command | None = cli
    for word in line.split():
        if not isinstance(found, click.Group):
            break  # arguments of the command
        found = found.get_command(context, word)
        assert found is not None, f"{page} names `wellchat {line}`"
    known = {name for each in found.get_params(context) for name in (*each.opts, *each.secondary_opts)}
    assert not set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", line)) - known, f"{page} names `wellchat {line}`"


@pytest.mark.parametrize(("file", "name"), named_tests())
def test_a_test_in_the_guide_exists(file: str, name: str) -> None:
    folders = (ROOT / "tests", ROOT / "tests" / "updates")
    found = [folder / file for folder in folders if (folder / file).is_file()]
    assert any(f"def {name}(" in path.read_text("utf-8") for path in found), f"the guide names {file}::{name}"


@pytest.mark.parametrize("file", sorted(set(SCRIPT_TEST.findall(GUIDE.read_text("utf-8")))))
def test_a_script_test_in_the_guide_exists(file: str) -> None:
    assert (ROOT / "tests" / file).is_file(), f"the guide names {file}"


def test_every_guide_is_in_the_index() -> None:
    listed = set(LINK.findall((ROOT / "docs" / "index.md").read_text("utf-8")))
    guides = {page.name for page in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert not guides - listed, "docs/index.md leads to every guide"


def test_the_glossary_has_few_terms_each_once() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    terms = re.findall(r"^\| \*\*(.+?)\*\* \|", glossary, re.MULTILINE)
    assert 0 < len(terms) <= MAX_TERMS
    assert len(terms) == len(set(terms))


def test_decisions_are_numbered_without_gaps() -> None:
    assert len(DECISIONS) >= 10
    assert [int(page.name[:4]) for page in DECISIONS] == [*range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_its_parts(page: Path) -> None:
    text = page.read_text("utf-8")
    first, _, second, *_ = text.splitlines()
    assert re.fullmatch(rf"# {int(page.name[:4])}\. \S.+", first)
    dated = re.match(r"Date: (\d{4}-\d\d-\d\d)\. Status: (?:accepted|replaced by \d{4})\.", second)
    assert dated, second
    assert PART.findall(text) == PARTS
    assert all(part.strip() for part in PART.split(text)[2::2]), "an empty part"
    assert len(text.splitlines()) <= MAX_LINES
    row = rf"\| \[{page.name[:4]}\]\({re.escape(page.name)}\) \| .+ \| {dated[1]} \|"
    assert re.search(row, (page.parent / "README.md").read_text("utf-8")), "the list of decisions has it"


def test_known_holes_are_asked_for_each_day() -> None:
    """By a command that operators have too, with times that both guides name."""
    workflow = (ROOT / ".github" / "workflows" / "checks.yml").read_text("utf-8")
    assert re.search(r"^  schedule:\n    - cron: \"\d+ \d+ \* \* \*\"$", workflow, re.MULTILINE)
    audit = workflow.partition("\n  audit:\n")[2].partition("\n  test:\n")[0]
    assert "- run: make audit" in audit
    assert "continue-on-error" not in audit
    assert "if:" not in audit
    # From the lock, without changing it, and without what only developers install.
    assert re.search(
        r"^audit:.*\n.*\n\t@\S+uv audit --frozen --no-dev$", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    for guide in ("SECURITY.md", "docs/deploy.md"):
        text = (ROOT / guide).read_text("utf-8")
        assert "`make audit`" in text
        assert "within 7 days" in text
