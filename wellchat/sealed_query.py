"""Keep what people look for out of addresses: seal it into one value (OWASP ASVS 14.2.1).

A form with words is posted. Its answer leads to an address with `sealed`, which only we can read, and only
for its person. So a reload, the next page and the way back work, and no log, proxy or Referer has the words.
Nothing is stored.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import redirect, request
from flask_login import current_user
from werkzeug.wrappers import Response

from wellchat import sealing
from wellchat.errors import Invalid
from wellchat.i18n import gettext

NAME = "sealed"
USE = "sealed_query"
MOST = 300  # characters of a value; no field takes as many, so a longer one is refused after it all the same


def address(path: str, values: Mapping[str, Any], *, words: Collection[str]) -> str:
    """Return the path with these values as its query; sealed if one of `words` is among them."""
    given = {name: str(value) for name, value in values.items() if value not in (None, "")}
    if given.keys() & set(words):
        given = {NAME: _seal(given)}
    return f"{path}?{urlencode(given)}" if given else path


def lead_to(path: str, names: Collection[str], *, words: Collection[str]) -> Response:
    """Return the redirect from a posted form to the page with these of its fields in the address."""
    given = {name: value[:MOST] for name in names if (value := request.form.get(name, ""))}
    return redirect(address(path, given, words=words), 303)


def query_args() -> dict[str, str]:
    """Return the query of this request, with what was sealed into it. Raises Invalid."""
    args = request.args.to_dict()
    return {**args, **_unseal(args.pop(NAME))} if NAME in args else args


def _seal(values: Mapping[str, str]) -> str:
    sealed = sealing.seal(json.dumps(values), use=USE, owner=_person())
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def _unseal(token: str) -> dict[str, str]:
    try:
        sealed = base64.urlsafe_b64decode(token.encode() + b"==")
        return dict(json.loads(sealing.unseal(sealed, use=USE, owner=_person())))
    # ValueError: it is no base64.
    except (sealing.Unreadable, ValueError):
        told = gettext("This address was made for somebody else, or is too old. Search again.")
        raise Invalid({NAME: told}) from None


def _person() -> str:
    return str(getattr(current_user, "id", ""))
