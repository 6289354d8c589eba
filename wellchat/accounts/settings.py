"""Serve `/settings`: profile, picture, password, tokens. Each is a form of its own on one page."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from wellchat import clock
from wellchat.accounts import actions, address_change, credentials, links
from wellchat.accounts.forms import TOKEN_DAYS, ChangePassword, ForgotPassword, NewToken, Profile, time_zones
from wellchat.accounts.hooks import home_of
from wellchat.accounts.models import PAGE
from wellchat.accounts.pictures import MAX_BYTES, MAX_MB
from wellchat.accounts.proof import fresh_proof, is_fresh
from wellchat.accounts.queries import tokens_of
from wellchat.accounts.scopes import DEFAULT_SCOPES, READ
from wellchat.accounts.sessions import renew_session
from wellchat.audit.request_origin import network_of
from wellchat.errors import Conflict, Invalid, NotAllowed
from wellchat.flashes import lead_back
from wellchat.forms import fill, read_form
from wellchat.i18n import gettext, language_names, ngettext
from wellchat.web import limiter, safe_next, signed_in, viewer

settings = Blueprint("settings", __name__, url_prefix="/settings")

Page = tuple[str, int] | BaseResponse


def _page(refusal: Invalid | None = None, *, new_token: str | None = None) -> tuple[str, int]:
    """Return (page, status): after a refusal with the entered values, the errors and 422."""
    # the person's own zone may be an old alias
    zones = dict.fromkeys([*time_zones(), viewer().time_zone])
    page = render_template(
        "accounts/settings.html",
        person=viewer(),
        typed=request.form if refusal else {},
        errors=refusal.errors if refusal else {},
        zones=[(zone, zone.replace("_", " ")) for zone in zones],
        languages=[("", gettext("As my browser asks for")), *language_names()],
        tokens=[token for token in tokens_of(viewer()) if token.last_moment > clock.now()],
        token_days=[(days, ngettext("%(num)s day", "%(num)s days", days)) for days in TOKEN_DAYS],
        token_scopes=[
            (" ".join(DEFAULT_SCOPES), gettext("Read and write")),
            (READ, gettext("Read only")),
        ],
        is_proved=is_fresh(viewer()),
        home=home_of(viewer()),
        changes=address_change.waiting_changes(viewer(), now=clock.now()),
        link_lasts=links.ADDRESS.lasts,
        new_token=new_token,
        max_mb=MAX_MB,
    )
    return page, 422 if refusal else 200


def _done(text: str, part: str) -> BaseResponse:
    return lead_back(url_for("settings.show", _anchor=part), text)


def _refuse_elsewhere() -> None:
    """Raise NotAllowed for a person whose account is kept elsewhere."""
    if home := home_of(viewer()):
        raise NotAllowed(gettext("Your account is kept at %(place)s. Change it there.", place=home.label))


@settings.url_value_preprocessor
def _room_for_a_picture(endpoint: str | None, _values: object) -> None:
    """Raise the limit of the body before anything reads it, CSRF protection included."""
    if endpoint == "settings.set_avatar":
        request.max_content_length = MAX_BYTES + 64 * 1024


@settings.get("")
@signed_in
def show() -> Page:
    """Show the settings."""
    return _page()


@settings.post("")
@signed_in
def save_profile() -> Page:
    """Save the profile."""
    try:
        kept = {"name": viewer().name, "role_label": viewer().role_label}
        form = fill(Profile, request.form.to_dict(), context={"kept": kept, "is_staff": viewer().is_admin})
    except Invalid as refusal:
        return _page(refusal)
    actions.update_profile(user_id=viewer().id, **form.model_dump())
    return _done(gettext("Saved."), "profile")


@settings.post("/avatar")
@signed_in
@limiter.limit("10/minute")
def set_avatar() -> Page:
    """Upload a picture."""
    upload = request.files.get("picture")
    try:
        actions.set_avatar(user_id=viewer().id, upload=upload.read() if upload else b"")
    except Invalid as refusal:
        return _page(refusal)
    return _done(gettext("Your new picture is set."), "picture")


@settings.post("/avatar/remove")
@signed_in
def remove_avatar() -> BaseResponse:
    """Delete the picture."""
    actions.remove_avatar(user_id=viewer().id)
    return _done(gettext("Your picture was removed."), "picture")


@settings.post("/password")
@signed_in
@limiter.limit("5/minute")
def change_password() -> Page:
    """Change the password and keep only this session."""
    _refuse_elsewhere()
    needs_more = viewer().password_hash is None or viewer().factor_since is not None
    if needs_more and not is_fresh(viewer()):
        # A password alone, or none, is less than what this person signs in with.
        return redirect("/prove?next=/settings%23password", 303)
    try:
        form = read_form(ChangePassword)
        user = credentials.change_password(
            user_id=viewer().id, current=form.current_password, new=form.new_password, now=clock.now()
        )
    except Invalid as refusal:
        return _page(refusal)
    # The change ended every session, this one included.
    renew_session(user)
    answer = _done(gettext("Your new password is set. You are signed out everywhere else."), "password")
    going_to = safe_next(request.form.get("next"))
    return answer if going_to == "/" else redirect(going_to, 303)


@settings.post("/address")
@signed_in
@fresh_proof
@limiter.limit("5/hour")
def change_address() -> Page:
    """Send a link to a new address. The page is the same whether the address was taken or not."""
    _refuse_elsewhere()
    try:
        email = read_form(ForgotPassword, email=request.form.get("new_email", "")).email
        address_change.ask_for_change(user_id=viewer().id, email=email, now=clock.now())
    except Invalid as refusal:
        return _page(Invalid({"new_email": refusal.detail}))
    return _done(
        gettext("We have sent a link to %(address)s. Open it to change to it.", address=email), "address"
    )


@settings.post("/tokens")
@signed_in
@fresh_proof
@limiter.limit("10/minute")
def make_token() -> Page:
    """Create a token and show it in this response: it cannot be read again."""
    try:
        form = read_form(NewToken, name=request.form.get("token_name", ""))
        token = actions.create_token(
            user_id=viewer().id,
            name=form.name,
            lasts=timedelta(days=form.days),
            scopes=form.scopes.split(),
            made_by=PAGE,
            network=network_of(request.remote_addr or ""),
            now=clock.now(),
        )
    except Invalid as refusal:
        errors = {"token_name" if field == "name" else field: text for field, text in refusal.errors.items()}
        return _page(Invalid(errors))
    except Conflict as refusal:
        return _page(Invalid({"token_name": refusal.detail}))
    return _page(new_token=token)


@settings.post("/tokens/<token_id>/revoke")
@signed_in
def revoke_token(token_id: str) -> BaseResponse:
    """Revoke a token."""
    actions.revoke_token(user_id=viewer().id, token_id=token_id, now=clock.now())
    return _done(gettext("The token was revoked."), "tokens")
