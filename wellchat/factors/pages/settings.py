"""Serve the settings of factors: the app, recovery codes, passkeys. Every change needs a fresh proof."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts.hooks import SecuritySection
from wellchat.accounts.models import User
from wellchat.accounts.proof import fresh_proof
from wellchat.config import setting
from wellchat.errors import Conflict, Invalid
from wellchat.factors import actions, ceremony, codes, keys, passkeys, resets
from wellchat.factors.forms import NewApp, NewPasskey, PasskeyName
from wellchat.factors.pages.browser import send_options, this_challenge
from wellchat.factors.queries import factors_of
from wellchat.forms import read_form
from wellchat.i18n import gettext
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("factors", __name__, url_prefix="/settings/security/factors")

Page = Response | tuple[str, int] | str


def security_section(user: User, _now: datetime) -> SecuritySection:
    """Return what there is in short, for Settings, Security."""
    return SecuritySection("factors/_security.html", factors_of(user), position=10)


def _done(text: str) -> Response:
    flash(text, "good")
    return redirect(url_for("factors.show"), 303)


def _with_codes(fresh: list[str] | None, text: str) -> Page:
    """Show new recovery codes in this answer: they cannot be read again."""
    if fresh is None:
        return _done(text)
    shown = [codes.in_groups(code, 5) for code in fresh]
    return render_template("factors/codes.html", codes=shown, text=text)


@pages.get("")
@signed_in
def show() -> Page:
    """Show which factors there are."""
    return _page()


def _page(refusal: Invalid | None = None) -> tuple[str, int]:
    page = render_template(
        "factors/factors.html",
        factors=factors_of(viewer()),
        errors=refusal.errors if refusal else {},
        passkeys_work=ceremony.site() is not None,
    )
    return page, 422 if refusal else 200


@pages.get("/app")
@signed_in
@fresh_proof
def new_app() -> Page:
    """Show the QR code of a new app. Its secret stays sealed in the form until its first code is right."""
    if factors_of(viewer()).app_since is not None:
        return redirect(url_for("factors.show"), 303)
    return _app_page(codes.new_secret())


def _app_page(secret: str, refusal: Invalid | None = None) -> tuple[str, int]:
    uri = codes.setup_uri(secret, account=viewer().email or viewer().name, issuer=setting("NAME"))
    picture = segno.make(uri, error="m", micro=False)
    page = render_template(
        "factors/app.html",
        qr=Markup(picture.svg_inline(border=4, light="#fff", omitsize=True)),  # noqa: S704 - our own
        key=codes.in_groups(secret),
        sealed=urlsafe_b64encode(keys.seal(secret, user_id=viewer().id)).decode(),
        errors=refusal.errors if refusal else {},
        typed=request.form.get("code", "") if refusal else "",
    )
    return page, 422 if refusal else 200


@pages.post("/app")
@signed_in
@fresh_proof
@limiter.limit("10/minute")
def add_app() -> Page:
    """Add the app whose first code is right."""
    sealed = request.form.get("sealed", "")
    try:
        secret = keys.unseal(urlsafe_b64decode(sealed.encode()), user_id=viewer().id)
    # Not ours, or from before a change of the key: begin anew.
    except (keys.Unreadable, ValueError):
        flash(gettext("This page has been open too long. Scan the new picture."), "message")
        return redirect(url_for("factors.new_app"), 303)
    try:
        form = read_form(NewApp)
        fresh = actions.add_app(user_id=viewer().id, secret=secret, typed=form.code, now=clock.now())
    except Invalid as refusal:
        return _app_page(secret, refusal)
    except Conflict as refused:
        flash(refused.detail, "message")
        return redirect(url_for("factors.show"), 303)
    return _with_codes(fresh, gettext("Your authenticator app is set up."))


@pages.post("/app/remove")
@signed_in
@fresh_proof
def remove_app() -> Response:
    """Remove the app."""
    actions.remove_app(user_id=viewer().id, now=clock.now())
    return _done(gettext("The authenticator app was removed."))


@pages.post("/codes")
@signed_in
@fresh_proof
@limiter.limit("10/minute")
def renew_codes() -> Page:
    """Make new recovery codes."""
    fresh = actions.renew_codes(user_id=viewer().id, now=clock.now())
    return _with_codes(fresh, gettext("These are your new codes. Those before no longer work."))


@pages.get("/passkey")
@signed_in
@fresh_proof
def new_passkey() -> Page:
    """Show the form that asks the browser for a new passkey."""
    return _passkey_page()


def _passkey_page(refusal: Invalid | None = None) -> tuple[str, int]:
    page = render_template(
        "factors/passkey.html",
        errors=refusal.errors if refusal else {},
        typed=request.form,
        passkeys_work=ceremony.site() is not None,
    )
    return page, 422 if refusal else 200


@pages.post("/passkey/options")
@signed_in
@fresh_proof
@limiter.limit("20/minute")
def new_passkey_options() -> Response:
    """Return what the browser needs to make a passkey."""
    return send_options(passkeys.begin_adding(user=viewer(), now=clock.now()))


@pages.post("/passkey")
@signed_in
@fresh_proof
@limiter.limit("20/minute")
def add_passkey() -> Page:
    """Add the passkey that the browser made."""
    try:
        form = read_form(NewPasskey)
        fresh = passkeys.add_passkey(
            user_id=viewer().id,
            challenge_id=this_challenge(),
            response=form.response,
            name=form.name,
            now=clock.now(),
        )
    except Invalid as refusal:
        return _passkey_page(refusal)
    return _with_codes(fresh, gettext("Your passkey is set up."))


@pages.post("/passkeys/<passkey_id>")
@signed_in
@fresh_proof
def rename_passkey(passkey_id: str) -> Page:
    """Give a passkey another name."""
    try:
        passkeys.rename_passkey(user_id=viewer().id, passkey_id=passkey_id, name=read_form(PasskeyName).name)
    except Invalid as refusal:
        return _page(Invalid({passkey_id: refusal.detail}))
    return _done(gettext("Saved."))


@pages.post("/passkeys/<passkey_id>/remove")
@signed_in
@fresh_proof
def remove_passkey(passkey_id: str) -> Response:
    """Remove a passkey."""
    passkeys.remove_passkey(user_id=viewer().id, passkey_id=passkey_id, now=clock.now())
    return _done(gettext("The passkey was removed."))


@pages.post("/reset/stop")
@signed_in
def stop_reset() -> Response:
    """Stop a reset of one's own factors that waits."""
    resets.stop_reset(user_id=viewer().id, now=clock.now())
    return _done(gettext("The reset is stopped. Your factors stay as they are."))
