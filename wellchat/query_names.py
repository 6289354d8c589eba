"""Refuse names in the query of a call that it does not know, as unknown fields of a body are refused.

A misspelt filter would otherwise be left out, and the answer be about everything.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from flask import Flask, current_app, request
from flask_login import current_user

from wellchat.errors import Invalid, wants_json
from wellchat.i18n import gettext

# Every call takes one's own id: see `_check_user_id` in web.py. Words in the address of a page are sealed,
# and its script hands on what stands there.
EVERYWHERE = frozenset({"userId", "user_id", "sealed"})


def names_of(form: Any) -> frozenset[str]:
    """Return the names that a query form takes; of None, none."""
    if form is None:
        return frozenset()
    return frozenset(field.alias or name for name, field in form.model_fields.items())


def refuse_unknown(given: Iterable[str], known: frozenset[str]) -> None:
    """Raise Invalid with each name that is not known."""
    if unknown := sorted(set(given) - known):
        raise Invalid(dict.fromkeys(unknown, gettext("There is no such field.")))


@lru_cache(maxsize=500)
def _known(view: Any) -> frozenset[str]:
    asked = [form for form, where in view._spec.get("args") or () if where == "query"]
    return EVERYWHERE.union(*map(names_of, asked))


def _check() -> None:
    # Most calls have no query, and pay nothing.
    if not request.query_string or not wants_json() or request.endpoint is None:
        return
    view = current_app.view_functions[request.endpoint]
    # What is described nowhere is no call: the document and its page. The host API reads its own queries.
    if hasattr(view, "_spec") and (current_user.is_authenticated or not hasattr(view, "guard")):
        refuse_unknown(request.args, _known(view))


def init_app(app: Flask) -> None:
    """Check the query of every call below /api. Call it behind what looks at who is there."""
    app.before_request(_check)
