"""How often one may ask: docs/integrate.md has every limit of the code, and no other."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from flask import Flask
from flask_limiter.util import get_qualified_name
from limits import RateLimitItem

from wellchat.guard import Budget
from wellchat.web import limiter, place_key

DOCS = Path(__file__).parent.parent / "docs" / "integrate.md"
BUDGETS = Path(__file__).parent.parent / "docs" / "limits.md"

Limits = dict[str, set[str]]


def limits_of_the_code(app: Flask) -> Limits:
    found: Limits = {}
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            name = get_qualified_name(app.view_functions[rule.endpoint])
            for limit in limiter.limit_manager.decorated_limits(name):
                each = limit.limit
                unit = each.GRANULARITY.name
                a = "an" if unit == "hour" else "a"
                assert each.multiples == 1
                path = re.sub(r"<(?:int:)?(\w+?)(?:_id)?>", lambda match: match[1].upper(), rule.rule)
                for method in rule.methods - {"HEAD", "OPTIONS"}:
                    call = f"{method} {path.replace('/THREAD/', '/ID/')}"
                    whose = " from one place" if limit.key_func is place_key else ""
                    found.setdefault(call, set()).add(f"{each.amount} {a} {unit}{whose}")
    return found


def limits_of_the_docs() -> Limits:
    rows = re.findall(
        r"^\| (`(?:GET|POST|PUT|PATCH|DELETE) .*) \| (\d+ an? .*) \|$", DOCS.read_text(), re.MULTILINE
    )
    return {call: set(limits.split(", ")) for calls, limits in rows for call in re.findall("`(.*?)`", calls)}


def test_the_docs_have_every_limit_and_no_other(app: Flask) -> None:
    assert limits_of_the_docs() == limits_of_the_code(app)
    (usual,) = (str(limit.limit) for group in limiter.limit_manager._default_limits for limit in group)
    assert usual == "1200 per 1 minute"
    assert "not in the table has a limit of 1200 a minute" in DOCS.read_text()


def test_the_docs_have_every_budget_and_no_other(app: Flask) -> None:
    declared = {
        each
        for name, module in list(sys.modules.items())
        if name.startswith("wellchat.")
        for each in vars(module).values()
        if isinstance(each, Budget)
    }
    assert len({each.name for each in declared}) == len(declared), "two budgets would share their counts"
    rows = re.findall(r"^\| `([\w-]+)` \| .* \| (\d+ (?:an?|in) .*) \|$", BUDGETS.read_text(), re.MULTILINE)
    assert {name: limits.split(", ") for name, limits in rows} == {
        each.name: [_in_words(item) for item in each.items] for each in declared
    }


def _in_words(item: RateLimitItem) -> str:
    unit = item.GRANULARITY.name
    if item.multiples > 1:
        return f"{item.amount} in {item.multiples} {unit}s"
    return f"{item.amount} {'an' if unit == 'hour' else 'a'} {unit}"
