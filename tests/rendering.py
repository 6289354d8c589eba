"""Which templates a run has rendered; a full run fails where one was not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.templating import DispatchingJinjaLoader

TEMPLATES = Path(__file__).parent.parent / "templates"

rendered: set[str] = set()
missing: list[str] = []


def record() -> None:
    """Every template reaches an application through Flask's one loader, included and extended ones too."""
    get_source = DispatchingJinjaLoader.get_source

    def recording(self: DispatchingJinjaLoader, environment: Any, template: str) -> Any:
        rendered.add(template)
        return get_source(self, environment, template)

    DispatchingJinjaLoader.get_source = recording  # type: ignore[method-assign]


def hand_over(session: pytest.Session) -> None:
    """At the end of a process of a parallel run; at the end of the run itself, judge."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["rendered"] = sorted(rendered)
    elif _is_whole(session.config):
        there = {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.*")}
        missing.extend(sorted(there - rendered))
        if missing:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def take_over(node: Any) -> None:
    rendered.update(getattr(node, "workeroutput", {}).get("rendered", ()))


def report(terminal: Any) -> None:
    for name in missing:
        terminal.write_line(f"templates/{name}: rendered by no test", red=True)


def _is_whole(config: pytest.Config) -> bool:
    """Nothing was chosen or left out by hand."""
    option = config.option
    chosen = (
        option.keyword,
        option.markexpr,
        getattr(option, "lf", False),  # its plugin may be left out
        option.collectonly,
        option.maxfail,
        option.deselect,
        option.ignore,
    )
    return not any(chosen) and config.args == [str(path) for path in config.getini("testpaths")]
