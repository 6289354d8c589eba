"""The rules of alerts and the dashboard load, and every figure that they name is one that /metrics has."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml  # type: ignore[import-untyped]
from flask import Flask

DEPLOY = Path(__file__).parents[2] / "docs" / "deploy"
DURATION = re.compile(r"(\d+(ms|s|m|h|d|w|y))+")


def rules() -> list[dict[str, Any]]:
    document = yaml.safe_load((DEPLOY / "alerts.yaml").read_text("utf-8"))
    assert list(document) == ["groups"]
    return [rule for group in document["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return json.loads((DEPLOY / "dashboard.json").read_text("utf-8"))["panels"]


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    yield from (target["expr"] for panel in panels() for target in panel["targets"])


@pytest.fixture
def exposed(client: Any) -> dict[str, str]:
    """Every name in /metrics, with its type."""
    found: dict[str, str] = {}
    for name, kind in re.findall(r"^# TYPE (\S+) (\w+)$", client.get("/metrics").text, re.MULTILINE):
        for end in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
            found[name + end] = kind
    return found


def test_each_expression_is_valid_and_names_what_is_there(exposed: dict[str, str]) -> None:
    wrong = []
    for expression in expressions():
        promql_parser.parse(expression)
        names = set(re.findall(r"\bwellchat_\w+", expression))
        wrong += [name for name in names if name not in exposed]
        for name in re.findall(r"rate\((wellchat_\w+)", expression):
            assert exposed[name] in ("counter", "histogram"), f"rate() of {name}, which goes up and down"
    assert not wrong
    assert len(list(expressions())) > 25


def test_labels_and_states_in_expressions_exist(client: Any) -> None:
    """A wrong label value would make a rule that never fires."""
    client.get("/nowhere")
    page = client.get("/metrics").text
    for name, values in re.findall(r"(wellchat_\w+)\{([^}]*)\}", "\n".join(expressions())):
        for label, operator, value in re.findall(r'(\w+)(=~|=)"([^"]*)"', values):
            assert re.search(rf'^{name}\{{[^}}]*\b{label}="', page, re.MULTILINE), (name, label)
            if label in ("state", "queue"):
                assert operator == "="
                assert re.search(rf'^{name}\{{[^}}]*{label}="{value}"', page, re.MULTILINE), (name, value)


def test_each_rule_has_what_who_is_woken_needs() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert DURATION.fullmatch(rule.get("for", "1m"))
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert set(rule["annotations"]) == {"summary", "action"}
        for text in rule["annotations"].values():
            assert text.count("{{") == text.count("}}")


def test_the_dashboard_is_one_that_loads() -> None:
    dashboard = json.loads((DEPLOY / "dashboard.json").read_text("utf-8"))
    assert {"title", "uid", "schemaVersion", "panels", "templating", "time"} <= set(dashboard)
    (source,) = dashboard["templating"]["list"]
    assert (source["name"], source["type"], source["query"]) == ("source", "datasource", "prometheus")
    ids = [panel["id"] for panel in panels()]
    assert len(set(ids)) == len(ids)
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels()}
    assert len(places) == len(ids), "one panel lies on another"
    for panel in panels():
        assert panel["datasource"]["uid"] == "${source}"
        assert panel["targets"]


def test_errors_are_counted_by_status(app: Flask, client: Any, make_app: Callable[..., Flask]) -> None:
    def count(status: int) -> float:
        page = client.get("/metrics").text
        found = re.search(rf'^wellchat_errors_total\{{status="{status}"\}} (\S+)', page, re.MULTILINE)
        return float(found[1]) if found else 0.0

    before, unsigned = count(404), count(401)
    client.get("/nowhere")
    client.get("/api/threads")
    client.get("/sign-in")
    assert (count(404), count(401)) == (before + 1, unsigned + 1)
