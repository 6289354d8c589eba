"""Serve the pages to sign in, sign up and sign out, and the links that come by mail."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from wellchat import clock
from wellchat.accounts import credentials, links
from wellchat.accounts.forms import ForgotPassword, ResetPassword, SignInPage, SignUp
from wellchat.accounts.hooks import leads_to_person, second_step, signed_out
from wellchat.accounts.links import DeadLink
from wellchat.accounts.models import User
from wellchat.accounts.sessions import note_refusal
from wellchat.accounts.sessions import sign_in as begin_session
from wellchat.accounts.sessions import sign_out as end_session
from wellchat.errors import Invalid
from wellchat.flashes import flash_at
from wellchat.forms import read_form
from wellchat.i18n import gettext, negotiated_language
from wellchat.next_page import MAX_NEXT, with_next
from wellchat.web import safe_next

pages = Blueprint("accounts", __name__)

Page = str | tuple[str, int] | BaseResponse


def _going_to() -> str:
    """Return the page to open once the person is in: each page and mail on the way carries it as `next`."""
    found = safe_next(request.values.get("next"))
    return found if len(found) <= MAX_NEXT else "/"


def _form(template: str, refusal: Invalid | None = None, **context: object) -> tuple[str, int]:
    """Return (page, status): after a refusal with the entered values, an error beside each field, and 422."""
    errors = refusal.errors if refusal else {}
    context |= {"errors": errors, "typed": request.form, "next": _going_to()}
    page = render_template(f"accounts/{template}.html", **context)
    return page, 422 if refusal else 200


@pages.get("/sign-in")
def sign_in() -> Page:
    """Show the sign-in form."""
    if current_user.is_authenticated:
        return redirect(_going_to())
    return _form("sign_in")


@pages.post("/sign-in")
def post_sign_in() -> Page:
    """Sign in, or send another verification link if the address is not verified."""
    try:
        form = read_form(SignInPage)
        user = credentials.authenticate(email=form.email, password=form.password)
        if user is None:
            note_refusal(form.email)
            raise Invalid({"form": gettext("The email address or the password is not right.")})
    except Invalid as refusal:
        return _form("sign_in", refusal)
    if user.verified_at is None:
        credentials.send_verification(user_id=user.id, now=clock.now(), going_to=_going_to())
        return _check_mail(form.email, "verify")
    return _begin(user, remember=form.remember)


def _begin(user: User, *, remember: bool = False, going_to: str | None = None) -> BaseResponse:
    """Sign in and open `going_to`, or send to what is asked for before."""
    going_to = going_to or _going_to()
    asked = [answer for answer in second_step(user, remember, going_to) if answer is not None]
    if asked:
        return asked[0]
    begin_session(user, remember=remember)
    return redirect(going_to, 303)


@pages.get("/sign-up")
def sign_up() -> Page:
    """Show the sign-up form."""
    if current_user.is_authenticated:
        return redirect(_going_to())
    return _sign_up_page() if current_app.config["SIGN_UP"] == "open" else _form("sign_up_closed")


def _sign_up_page(refusal: Invalid | None = None) -> tuple[str, int]:
    person = next(filter(None, leads_to_person(_going_to())), None)
    return _form("sign_up", refusal, person=person)


@pages.post("/sign-up")
def post_sign_up() -> Page:
    """Create an account. The page is the same whether the address was taken or not."""
    if current_app.config["SIGN_UP"] != "open":
        return _form("sign_up_closed")[0], 403
    try:
        form = read_form(SignUp)
        language, going_to = negotiated_language(), _going_to()
        credentials.sign_up(**form.model_dump(), language=language, now=clock.now(), going_to=going_to)
    except Invalid as refusal:
        return _sign_up_page(refusal)
    return _check_mail(form.email, "verify")


@pages.get("/forgot-password")
def forgot_password() -> Page:
    """Show the form that asks for a reset link."""
    return _form("forgot_password")


@pages.post("/forgot-password")
def post_forgot_password() -> Page:
    """Send a reset link. The page is the same whether the address is known or not."""
    try:
        form = read_form(ForgotPassword)
    except Invalid as refusal:
        return _form("forgot_password", refusal)
    credentials.request_password_reset(email=form.email, now=clock.now(), going_to=_going_to())
    return _check_mail(form.email, "reset")


def _check_mail(address: str, what: str) -> str:
    """Return the page "check your mail": the same for every address."""
    captures_mails = current_app.config["SMTP_URL"] is None
    return _form("check_mail", address=address, what=what, captures_mails=captures_mails)[0]


@pages.get("/verify/<token>")
def verify(token: str) -> Page:
    """Show a button only: mail scanners open every link before the reader does."""
    try:
        user = links.link_owner(token, links.VERIFY, now=clock.now())
    except DeadLink as dead:
        return _dead(dead, "verify")
    return _form("verify", address=user.email)


@pages.post("/verify/<token>")
def post_verify(token: str) -> Page:
    """Verify the address and sign in."""
    try:
        user = credentials.verify_address(token=token, now=clock.now())
    except DeadLink as dead:
        return _dead(dead, "verify")
    return _welcome(user)


def _welcome(user: User) -> BaseResponse:
    if user.password_hash is not None:
        return _begin(user)
    choose = with_next(url_for("settings.show"), _going_to()) + "#password"
    answer = _begin(user, going_to=choose)
    text = gettext("Choose a password, so that you can sign in next time.")
    flash_at(url_for("settings.show", _anchor="password"), text, "message")
    return answer


@pages.get("/reset-password/<token>")
def reset_password(token: str) -> Page:
    """Show the form for a new password. Opening the link does not use it up."""
    try:
        user = links.link_owner(token, links.RESET, now=clock.now())
    except DeadLink as dead:
        return _dead(dead, "reset")
    return _form("reset_password", address=user.email, is_first=user.password_hash is None)


@pages.post("/reset-password/<token>")
def post_reset_password(token: str) -> Page:
    """Set the new password and sign in."""
    try:
        # Checked first, so that a dead link is reported before a weak password is.
        owner = links.link_owner(token, links.RESET, now=clock.now())
        address, is_first = owner.email, owner.password_hash is None
        form = read_form(ResetPassword)
        user = credentials.reset_password(token=token, password=form.password, now=clock.now())
    except DeadLink as dead:
        return _dead(dead, "reset")
    except Invalid as refusal:
        return _form("reset_password", refusal, address=address, is_first=is_first)
    answer = _begin(user)
    changed = gettext("Your new password is set. You are signed out everywhere else.")
    flash(gettext("Your password is set.") if is_first else changed, "good")
    return answer


def _dead(dead: DeadLink, what: str) -> tuple[str, int]:
    return _form("invalid_link", detail=dead.detail, what=what)[0], dead.status


@pages.post("/sign-out")
def sign_out() -> BaseResponse:
    """Sign out, and ask the browser to clear its cache (Clear-Site-Data)."""
    user = current_user._get_current_object() if current_user.is_authenticated else None
    end_session()
    # Last: what a handler puts into the cookie stays in it.
    pages_after = signed_out(user) if user is not None else ()
    response = redirect(next(filter(None, pages_after), url_for("accounts.sign_in")), 303)
    # The next person at this browser must not find pages by the back button.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response
