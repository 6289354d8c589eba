"""The pages on which owners see the flags, and change for whom one is on."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts.proof import fresh_proof
from wellchat.errors import Invalid, NotFound
from wellchat.feature import registry
from wellchat.flags import actions
from wellchat.flags.forms import FlagForm
from wellchat.flags.known import FlagState, states
from wellchat.forms import read_form
from wellchat.i18n import gettext
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("flags", __name__, url_prefix="/oversight/flags")


def _check_owner() -> None:
    """Raise NotFound for anybody but an owner: they learn of nothing here."""
    if not viewer().may("settings"):
        raise NotFound


@pages.get("")
@signed_in
@fresh_proof
def index() -> str:
    """Show every flag, and for whom it is on."""
    _check_owner()
    found = states()
    rows = [(name, label, found.get(name, FlagState())) for name, label in sorted(registry().flags.items())]
    return render_template("flags/index.html", flags=rows)


@pages.get("/<flag>")
@signed_in
@fresh_proof
def show(flag: str) -> str:
    """Show one flag in a form to change it."""
    _check_owner()
    actions.check_declared(flag)
    return _page(flag, {}, {})


@pages.post("/<flag>")
@signed_in
@fresh_proof
@limiter.limit("120/hour")
def change(flag: str) -> Response | tuple[str, int]:
    """Change for whom a flag is on."""
    _check_owner()
    try:
        actions.change_flag(name=flag, form=read_form(FlagForm), now=clock.now())
    except Invalid as refusal:
        return _page(flag, refusal.errors, request.form), 422
    flash(gettext("Saved. It holds everywhere at once."), "good")
    return redirect("/oversight/flags", 303)


@pages.post("/<flag>/stop")
@signed_in
@fresh_proof
@limiter.limit("120/hour")
def stop(flag: str) -> Response:
    """Switch a flag off for everybody."""
    _check_owner()
    actions.stop_flag(name=flag, now=clock.now())
    flash(gettext("Switched off for everybody."), "good")
    return redirect("/oversight/flags", 303)


def _page(flag: str, errors: Mapping[str, str], typed: Mapping[str, str]) -> str:
    state = states().get(flag, FlagState())
    values = {"percent": state.percent, "people": "\n".join(actions.people_of(flag)), **typed}
    label = registry().flags[flag]
    return render_template(
        "flags/flag.html", name=flag, label=label, state=state, values=values, errors=errors
    )
