"""Serve the keys of the host to owners, and open sign-in links that the host has made."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts import links
from wellchat.accounts.hooks import second_step
from wellchat.accounts.links import DeadLink
from wellchat.accounts.models import User
from wellchat.accounts.proof import fresh_proof
from wellchat.accounts.sessions import sign_in as begin_session
from wellchat.db import transaction
from wellchat.errors import Invalid, NotFound
from wellchat.forms import fill, read_form
from wellchat.host import keys
from wellchat.host.key_forms import DAYS, EndKey, NewKey
from wellchat.host.scopes import SCOPES
from wellchat.i18n import gettext, ngettext
from wellchat.web import limiter, safe_next, signed_in, viewer

pages = Blueprint("host_pages", __name__)

Page = str | tuple[str, int] | Response


def _owner() -> User:
    """Return the signed-in owner. Raises NotFound for anybody else: they learn of nothing here."""
    if not viewer().may("settings"):
        raise NotFound
    return viewer()


def _page(refusal: Invalid | None = None, made: keys.Made | None = None) -> tuple[str, int]:
    page = render_template(
        "host/keys.html",
        keys=keys.keys(now=clock.now()),
        made=made,
        scopes=[(name, gettext(label)) for name, label in SCOPES.items()],
        chosen=request.form.getlist("scopes") if refusal else [],
        days=[(days, ngettext("%(num)s day", "%(num)s days", days)) for days in DAYS],
        typed=request.form if refusal else {},
        errors=refusal.errors if refusal else {},
    )
    return page, 422 if refusal else 200


@pages.get("/oversight/keys")
@signed_in
@fresh_proof
def show() -> Page:
    """Show the keys that work."""
    _owner()
    return _page()


@pages.post("/oversight/keys")
@signed_in
@fresh_proof
@limiter.limit("30/hour")
def make() -> Page:
    """Make a key, and show its secret once."""
    owner = _owner()
    try:
        form = fill(NewKey, {**request.form.to_dict(), "scopes": request.form.getlist("scopes")})
        made = keys.make_key(
            name=form.name,
            scopes=form.scopes,
            days=form.days,
            networks=form.networks.split(),
            made_by=owner.id,
            now=clock.now(),
        )
    except Invalid as refusal:
        return _page(refusal)
    return _page(made=made)


@pages.post("/oversight/keys/<key_id>/rotate")
@signed_in
@fresh_proof
def rotate(key_id: str) -> Page:
    """Make a key like this one, and show its secret once. The old one works for a day more."""
    _owner()
    return _page(made=keys.rotate_key(key_id=key_id, now=clock.now()))


@pages.post("/oversight/keys/<key_id>/end")
@signed_in
@fresh_proof
def end(key_id: str) -> Page:
    """End a key at once."""
    _owner()
    read_form(EndKey)
    key = keys.end_key(key_id=key_id, now=clock.now())
    flash(gettext("The key “%(name)s” has ended.", name=key.name), "good")
    return redirect(url_for("host_pages.show"), 303)


@pages.get("/sign-in/link/<token>")
@limiter.limit("30/minute")
def sign_in_by_link(token: str) -> Page:
    """Sign in by a link that the host made a moment ago, and lead on. It works once."""
    if request.method != "GET":
        # Looking at a link (HEAD) must not use it up.
        return ""
    try:
        with transaction():
            user = links.redeem(token, links.SIGN_IN, now=clock.now())
    except DeadLink as dead:
        return render_template("accounts/invalid_link.html", detail=dead.detail, what="sign_in"), dead.status
    going_to = safe_next(request.args.get("next"))
    for asked in second_step(user, False, going_to):
        if asked is not None:
            return asked
    begin_session(user)
    return redirect(going_to, 303)
