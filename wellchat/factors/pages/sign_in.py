"""Serve the second step of signing in, and signing in by passkey alone."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts.hooks import sign_in_vetoed
from wellchat.accounts.limits import count_second_step
from wellchat.accounts.models import User
from wellchat.accounts.sessions import sign_in
from wellchat.errors import Invalid, NotAllowed, NotSignedIn
from wellchat.factors import ceremony, passkeys
from wellchat.factors.actions import RECOVERY, use_code
from wellchat.factors.challenges import ALONE, SECOND, Half
from wellchat.factors.forms import PasskeyResponse, TypedCode
from wellchat.factors.pages.browser import (
    end_half,
    send_options,
    start_half,
    this_challenge,
    this_half,
    way_of_half,
)
from wellchat.factors.policy import is_due, lacks_factor
from wellchat.factors.queries import factors_of
from wellchat.factors.tries import TooManyTries
from wellchat.forms import read_form
from wellchat.i18n import gettext, ngettext
from wellchat.next_page import with_next
from wellchat.web import safe_next

pages = Blueprint("factors_sign_in", __name__)

Page = Response | tuple[str, int]
STEP = "/sign-in/second"


def ask_second_step(user: User, remember: bool, going_to: str) -> Response | None:
    """Begin the second step for a person who has a factor; None for everybody else."""
    if user.factor_since is None:
        return None
    start_half(user, remember=remember, going_to=going_to, now=clock.now())
    return redirect(STEP, 303)


def ask_program(user: User, code: str, now: datetime) -> None:
    """Take the code that a program sends beside the password.

    Raises NotAllowed without one, NotSignedIn for a wrong one, and TooManyTries.
    """
    if lacks_factor(user) and is_due(user, now):
        text = gettext("This account needs a second factor. Set it up in a browser first.")
        raise NotAllowed(text, errors={"code": text})
    if user.factor_since is None:
        return
    if not code:
        text = gettext("A code is needed too: send that of your app, or a recovery code, as `code`.")
        raise NotAllowed(text, errors={"code": text})
    try:
        use_code(user_id=user.id, typed=code, now=now)
    except Invalid as refusal:
        raise NotSignedIn(refusal.detail, errors=refusal.errors) from None


def _page(half: Half, refusal: Invalid | TooManyTries | None = None) -> tuple[str, int]:
    errors = {} if refusal is None else refusal.errors or {"form": refusal.detail}
    page = render_template(
        "factors/second_step.html",
        factors=factors_of(half.user),
        errors=errors,
        passkeys_work=ceremony.site() is not None,
    )
    return page, refusal.status if refusal else 200


def _start_over() -> Response:
    flash(gettext("That took too long. Enter your password once more."), "message")
    return redirect(with_next("/sign-in", way_of_half()), 303)


@pages.get(STEP)
def second_step() -> Page:
    """Ask for the second step."""
    half = this_half(clock.now())
    return _page(half) if half else _start_over()


@pages.post(STEP)
def post_second_step() -> Page:
    """Take a code of the app, or a recovery code, and sign in."""
    count_second_step()
    now = clock.now()
    half = this_half(now)
    if half is None:
        return _start_over()
    try:
        factor = use_code(user_id=half.user.id, typed=read_form(TypedCode).code, now=now)
    except (Invalid, TooManyTries) as refusal:
        return _page(half, refusal)
    answer = _finish(half)
    if factor == RECOVERY:
        left = factors_of(half.user).codes_left
        text = "%(num)s recovery code is left. You can make new ones in the settings."
        texts = "%(num)s recovery codes are left. You can make new ones in the settings."
        flash(ngettext(text, texts, left), "message")
    return answer


def _finish(half: Half) -> Response:
    going_to = end_half()
    if going_to is None:
        return _start_over()
    sign_in(half.user, remember=half.remember)
    return redirect(going_to, 303)


@pages.post("/sign-in/passkey/options")
def passkey_options() -> Response:
    """Return what the browser is to ask its passkeys: those of the person half signed in, or any."""
    count_second_step()
    now = clock.now()
    half = this_half(now)
    purpose, user_id = (SECOND, half.user.id) if half else (ALONE, None)
    return send_options(passkeys.begin_use(purpose=purpose, user_id=user_id, now=now))


@pages.post("/sign-in/second/passkey")
def post_second_passkey() -> Page:
    """Take a passkey as the second step, and sign in."""
    count_second_step()
    now = clock.now()
    half = this_half(now)
    if half is None:
        return _start_over()
    try:
        passkeys.use_passkey(
            purpose=SECOND,
            user_id=half.user.id,
            challenge_id=this_challenge(),
            response=read_form(PasskeyResponse).response,
            now=now,
        )
    except (Invalid, TooManyTries) as refusal:
        return _page(half, refusal)
    return _finish(half)


@pages.post("/sign-in/passkey")
def post_passkey() -> Page:
    """Sign in by a passkey alone: the device has checked who holds it."""
    count_second_step()
    try:
        form = read_form(PasskeyResponse)
        user = passkeys.use_passkey(
            purpose=ALONE,
            user_id=None,
            challenge_id=this_challenge(),
            response=form.response,
            now=clock.now(),
        )
        if user.verified_at is None or not user.is_active or any(sign_in_vetoed(user)):
            raise Invalid(
                {"response": gettext("This passkey is not known here. Use another way to sign in.")}
            )
    except Invalid as refusal:
        going_to = safe_next(request.form.get("next"))
        errors = {"form": refusal.detail}
        return render_template("accounts/sign_in.html", errors=errors, typed={}, next=going_to), 422
    sign_in(user)
    return redirect(safe_next(request.form.get("next")), 303)
