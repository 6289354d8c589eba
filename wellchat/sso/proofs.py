"""Let a person whose account is kept elsewhere prove who they are: by signing in there once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode

from wellchat.accounts.hooks import ProofMethod
from wellchat.accounts.models import User
from wellchat.config import setting
from wellchat.errors import Invalid
from wellchat.i18n import gettext
from wellchat.identities.models import HOST
from wellchat.sso.people import sources_of


def by_home(user: User) -> Sequence[ProofMethod]:
    """Return the way by the host or a provider; nothing for a person with a password or a factor here."""
    if user.password_hash is not None or user.factor_since is not None or not way_home(user, "/"):
        return ()
    return (ProofMethod("home", "sso/_prove.html", _check, position=10),)


def _check(_user: User, _form: Mapping[str, str], _now: datetime) -> None:
    raise Invalid({"form": gettext("Use the link: you come back here once you have signed in there.")})


def way_home(user: User, to: str) -> str | None:
    """Return the path by which a person signs in at home and comes back to `to`; None: there is none."""
    sources = sources_of(user)
    for provider in setting("OIDC").values():
        if provider.issuer in sources:
            return f"/oidc/{provider.name}/start?{urlencode({'to': to, 'again': '1'})}"
    if HOST in sources and setting("SSO_URL") and setting("SSO_ORIGINS"):
        return f"/sso/start?{urlencode({'to': to})}"
    return None
