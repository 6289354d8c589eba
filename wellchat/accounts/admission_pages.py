"""Serve the link of an invitation."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from wellchat import clock
from wellchat.accounts import admission
from wellchat.accounts.forms import Invited
from wellchat.accounts.links import DeadLink
from wellchat.accounts.sessions import sign_in
from wellchat.errors import Invalid
from wellchat.forms import read_form
from wellchat.i18n import negotiated_language

pages = Blueprint("admission", __name__)

Page = tuple[str, int] | BaseResponse


def _page(token: str, refusal: Invalid | None = None) -> tuple[str, int]:
    _, role, email = admission.read_invitation(token, now=clock.now())
    errors = refusal.errors if refusal else {}
    page = render_template(
        "accounts/invited.html", address=email, role=role, errors=errors, typed=request.form
    )
    return page, 422 if refusal else 200


def _dead(dead: DeadLink) -> tuple[str, int]:
    return render_template("accounts/invalid_link.html", detail=dead.detail, what="other"), dead.status


@pages.get("/invited/<token>")
def invited(token: str) -> Page:
    """Show the form. Opening the link does not use it up."""
    try:
        return _page(token)
    except DeadLink as dead:
        return _dead(dead)


@pages.post("/invited/<token>")
def post_invited(token: str) -> Page:
    """Make the account, and sign in."""
    try:
        form = read_form(Invited)
        user = admission.accept_invitation(
            token=token, **form.model_dump(), language=negotiated_language(), now=clock.now()
        )
    except DeadLink as dead:
        return _dead(dead)
    except Invalid as refusal:
        try:
            return _page(token, refusal)
        except DeadLink as dead:
            return _dead(dead)
    sign_in(user)
    return redirect("/", 303)
