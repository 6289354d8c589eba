"""Make docs/access.md: who may do what to what, read from the routes.

`python -m tests.access_matrix` writes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from tests.outsiders import ELSEWHERE
from tests.test_wiring import PUBLIC
from wellchat.accounts.duties import ADMIN_ROLES, DUTIES
from wellchat.accounts.scopes import ANY, CLOSED, needed_scope
from wellchat.host.calls import all_calls

PAGE = Path(__file__).parent.parent / "docs" / "access.md"
BEGIN, END = "<!-- made from the routes: python -m tests.access_matrix -->", "<!-- end -->"
FILES = ("static", "asset", "brand.logo", "offline.")  # addresses of files that everybody gets
# Pages of administrators -> the duties of which one is needed; "" is every administrator. A test asks each.
OVERSIGHT = {
    "/oversight": "",
    "/oversight/audit": "audit",
    "/oversight/brand": "settings",
    "/oversight/emails": "mail",
    "/oversight/factors": "people audit",
    "/oversight/figures": "audit",
    "/oversight/first-steps": "settings",
    "/oversight/flags": "settings",
    "/oversight/health": "settings",
    "/oversight/keys": "settings",
    "/oversight/looks": "conversations",
    "/oversight/patterns": "moderate",
    "/oversight/people": "people",
    "/oversight/quality": "audit",
    "/oversight/replies": "settings",
    "/oversight/reports": "moderate",
    "/oversight/searches": "conversations",
    "/oversight/threads": "conversations",
}
# Where acting needs another duty than seeing the page.
ACTS = {"/oversight/factors": "settings"}


def table(app: Flask) -> list[str]:
    """Return the lines of the table, in the order of the addresses."""
    lines = [
        "| call | who | what it is about | fresh proof | token |",
        "|---|---|---|---|---|",
    ]
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if not rule.endpoint.startswith(FILES):
            methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
            lines += [_line(app, rule, method) for method in methods]
    return lines


def _host_scopes(app: Flask) -> dict[str, str | None]:
    """Return the scope of the key that each call of the host API needs, by endpoint."""
    return {f"host_api.{call.name}": call.scope for call in all_calls(app.extensions["features"])}


def _line(app: Flask, rule: Rule, method: str) -> str:
    view: Any = app.view_functions[rule.endpoint]
    fresh = "yes" if getattr(view, "proof", None) else ""
    call = f"`{method} {rule.rule}`"
    scopes = _host_scopes(app)
    if rule.endpoint in scopes:
        who, about = "the platform's server, with a key", "everybody's but administrators'"
        cells = (
            call,
            who,
            about,
            fresh,
            f"key: `{scopes[rule.endpoint]}`" if scopes[rule.endpoint] else "key: any",
        )
    else:
        cells = (call, _who(rule, method), _about(rule), fresh, _token(rule, method))
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def _who(rule: Rule, method: str) -> str:
    if rule.endpoint in PUBLIC:
        return "everybody"
    duties = duties_of(rule.rule, method)
    if duties is None:
        return "signed in"
    roles = [role for role in ADMIN_ROLES if duties == "" or any(role in DUTIES[d] for d in duties.split())]
    return ", ".join(roles)


def duties_of(path: str, method: str = "GET") -> str | None:
    """Return the duties of which one is needed, "" for every administrator, None where none need be one."""
    starts = [start for start in OVERSIGHT if path == start or path.startswith(f"{start}/")]
    fits = max(starts, key=len, default=None)
    if fits is None:
        return None
    return OVERSIGHT[fits] if method == "GET" else ACTS.get(fits, OVERSIGHT[fits])


def _about(rule: Rule) -> str:
    if rule.endpoint in PUBLIC:
        return PUBLIC[rule.endpoint]
    elsewhere = ELSEWHERE.get(rule.rule, "")
    if elsewhere and not elsewhere.startswith("tests/"):
        return elsewhere.partition(":")[0]
    return "one's own, or of one's own threads; else it is not there" if rule.arguments else "one's own"


def _token(rule: Rule, method: str) -> str:
    if rule.endpoint in PUBLIC:
        return ""
    scope = needed_scope(rule.rule, method)
    return "no" if scope is CLOSED else "any" if scope == ANY else f"`{scope}`"


def page_with(text: str, app: Flask) -> str:
    """Return the page with the table as the routes are now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return "\n".join([f"{before}{BEGIN}", "", *table(app), "", f"{END}{after}"])


if __name__ == "__main__":
    from wellchat import create_app
    from wellchat.config import read_settings

    PAGE.write_text(page_with(PAGE.read_text(), create_app(read_settings({}))))
