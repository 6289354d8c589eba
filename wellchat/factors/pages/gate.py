"""Lead people who must have a second factor, and have none, to where they set one up.

The row of the person, which every request reads anyway, says all that is needed: no statement is added.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, current_app, g, redirect, request
from flask_login import current_user
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts.models import User
from wellchat.config import setting
from wellchat.errors import NotAllowed, wants_json
from wellchat.factors import ceremony
from wellchat.factors.actions import begin_grace
from wellchat.factors.policy import OFF, is_due, lacks_factor
from wellchat.i18n import gettext, ngettext
from wellchat.web import SAFE_METHODS

# Blueprints that stay open: to set one up needs a fresh proof.
OPEN = ("factors", "proof")


def _hold_back() -> Response | None:
    if g.get("bearer") or setting("MFA") == OFF or not _is_guarded() or not current_user.is_authenticated:
        return None
    user, now = current_user._get_current_object(), clock.now()
    if not lacks_factor(user):
        return None
    if is_held_back(user):
        if wants_json():
            raise NotAllowed(gettext("Set up a second factor first, on the page /settings/security/factors."))
        return redirect("/settings/security/factors", 303)
    if user.factor_due_at is None and request.method in SAFE_METHODS and not wants_json():
        begin_grace(user=user, now=now)
    return None


def is_held_back(user: User) -> bool:
    """Return whether this person can do nothing before they set up a factor."""
    return lacks_factor(user) and is_due(user, clock.now())


def _is_guarded() -> bool:
    """Return whether the view asks who is there: only then the person has been read."""
    view = current_app.view_functions.get(request.endpoint or "")
    return hasattr(view, "guard") and request.blueprint not in OPEN


def factor_banner(user: User) -> str | None:
    """Return what the banner says to a person who must set up a factor, or None."""
    if not lacks_factor(user):
        return None
    if user.factor_due_at is None or is_held_back(user):
        return gettext("Your account needs a second factor. Set one up to go on.")
    days = -((clock.now() - user.factor_due_at) // timedelta(days=1))
    return ngettext(
        "Your account needs a second factor. You have %(num)s day to set one up.",
        "Your account needs a second factor. You have %(num)s days to set one up.",
        days,
    )


def init_app(app: Flask) -> None:
    """Stand in front of every view, after what protects from forgery."""
    app.before_request(_hold_back)
    app.jinja_env.globals.update(
        factor_banner=factor_banner, is_held_back=is_held_back, passkey_site=ceremony.site
    )
