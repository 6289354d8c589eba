"""Show administrators who has which second factors, and let an owner begin a reset. No secret is shown."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts.models import ROLE_LABELS, User
from wellchat.accounts.proof import fresh_proof
from wellchat.audit.actions import record
from wellchat.config import setting
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.factors import queries, resets
from wellchat.factors.forms import ResetReason
from wellchat.factors.policy import must_have_factor
from wellchat.feature import registry
from wellchat.forms import read_form
from wellchat.i18n import gettext
from wellchat.web import signed_in, viewer

pages = Blueprint("factors_oversight", __name__, url_prefix="/oversight/factors")

MAX_ID = 20


def may_look(user: User) -> bool:
    """Return whether this administrator sees who has which factors."""
    return user.may("people") or user.may("audit")


def looks_without_oversight(user: User) -> bool:
    """Return whether this administrator sees them on an installation without oversight."""
    return may_look(user) and not registry().has("oversight")


def _page(refused: str = "", refusal: Invalid | None = None) -> tuple[str, int]:
    if not may_look(viewer()):
        raise NotFound
    # Before the list: where the record cannot be written, nobody is shown.
    record("factors.listed", now=clock.now())
    lacking = request.args.get("lacking") == "1"
    after = request.args.get("after", "")[:MAX_ID]
    # NUL cannot even be compared on PostgreSQL; no id of ours has it.
    people, following = queries.holders(lacking=lacking, after=after if after.isprintable() else None)
    page = render_template(
        "factors/oversight.html",
        people=people,
        following=following,
        lacking=lacking,
        by_role=queries.counts(),
        labels=ROLE_LABELS,
        must_have=must_have_factor,
        rule=setting("MFA"),
        refused=refused,
        errors=refusal.errors if refusal else {},
        typed=request.form.get("reason", ""),
        may_reset=viewer().may("settings"),
    )
    return page, 422 if refusal else 200


@pages.get("")
@signed_in
@fresh_proof
def index() -> tuple[str, int]:
    """Show counts by role, and the people, a page at a time."""
    return _page()


@pages.post("/<user_id>/reset")
@signed_in
@fresh_proof
def reset(user_id: str) -> Response | tuple[str, int]:
    """Begin the reset of a person's factors: it is done a day later, and its owner can stop it."""
    if not viewer().may("settings"):
        raise NotFound
    try:
        reason = read_form(ResetReason).reason
        resets.ask_reset(user_id=user_id, reason=reason, asked_by=viewer().id, now=clock.now())
    except Invalid as refusal:
        return _page(user_id, refusal)
    except Conflict as refused:
        flash(refused.detail, "danger")
    else:
        flash(gettext("The reset begins. It is done in 24 hours unless the person stops it."), "good")
    return redirect("/oversight/factors", 303)
