"""The shape of the house, read from the source: who may import whom, who commits, who reads the clock."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from wellchat.features import FEATURES

ROOT = Path(__file__).parent.parent
SOURCES = sorted([*ROOT.glob("wellchat/**/*.py"), *ROOT.glob("worker/**/*.py")])
CLOCK_READERS = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "func.now")
# Modules of a feature that serve requests. Its declaration, in __init__.py, names their blueprints.
REQUEST_MODULES = (
    *("*/__init__.py", "*/pages.py", "*/session_pages.py", "*/pages/*", "*/api.py", "*/claims_api.py"),
    *("accounts/proof.py", "accounts/security.py"),
    *("accounts/sessions.py", "accounts/settings.py", "accounts/devices.py", "accounts/mailed_links.py"),
    "accounts/admission_pages.py",
    "audit/request_origin.py",
    *("embed/guarding.py", "embed/loader.py"),
    *("host/guarding.py", "host/paths.py", "host/batch.py", "host/openapi.py"),
    "security_log/refusals.py",
    *("attachments/serving.py", "attachments/uploads.py"),
    "connections/avatars.py",
)
REQUEST_PACKAGES = (
    "flask",
    "flask_login",
    "flask_wtf",
    "flask_limiter",
    "apiflask",
    "werkzeug",
    "wellchat.web",
)
# Names of Flask that work in an application context, without a request.
APPLICATION_NAMES = ("flask.Flask", "flask.current_app", "flask.cli")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def feature_of(path: Path) -> str | None:
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "wellchat" and parts[1] in FEATURES else None


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text())))


def imports(path: Path) -> Iterator[str]:
    """Return the modules that a file imports, without those under TYPE_CHECKING (no run-time dependency)."""
    nodes = nodes_of(path)
    for_types = {
        inner
        for node in nodes
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in nodes:
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
    for node in nodes_of(path):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def each(paths: Iterable[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", list(paths), ids=name_of)


def all_but(name: str) -> list[Path]:
    return [path for path in SOURCES if name_of(path) != name]


def serves_requests(path: Path) -> bool:
    return any(path.match(f"wellchat/{pattern}") for pattern in REQUEST_MODULES)


def is_request_module(module: str) -> bool:
    """Return whether an imported name belongs to the handling of requests."""
    if any(is_of(module, name) for name in APPLICATION_NAMES):
        return False
    return any(is_of(module, name) for name in (*REQUEST_PACKAGES, *SERVING))


SERVING = [
    name_of(path).removesuffix(".py").replace("/", ".")
    for path in SOURCES
    if serves_requests(path) and path.name != "__init__.py"
]


@each(path for path in SOURCES if feature_of(path) not in (None, FEATURES[-1]))
def test_features_import_downward_only(path: Path) -> None:
    above = FEATURES[FEATURES.index(str(feature_of(path))) + 1 :]
    assert not [m for m in imports(path) for other in above if is_of(m, f"wellchat.{other}")]


@each(path for path in SOURCES if feature_of(path) and not serves_requests(path))
def test_rules_need_an_application_context_never_a_request(path: Path) -> None:
    assert not [module for module in imports(path) if is_request_module(module)]


def test_the_search_for_requests_finds_them() -> None:
    for name in ("flask.request", "flask.g", "wellchat.web.viewer", "wellchat.accounts.sessions.sign_in"):
        assert is_request_module(name)
    for name in ("flask.current_app", "flask.cli.AppGroup", "wellchat.website", "wellchat.mail.actions.send"):
        assert not is_request_module(name)


@each(all_but("wellchat/db.py"))
def test_only_db_commits(path: Path) -> None:
    assert not [line for line, call in calls(path) if call.endswith((".commit", ".begin_nested"))]


@each(all_but("wellchat/clock.py"))
def test_only_clock_reads_the_clock(path: Path) -> None:
    assert not [(line, call) for line, call in calls(path) if call.endswith(CLOCK_READERS)]
