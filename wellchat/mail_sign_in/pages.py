"""The page behind a link that signs its reader in.

Opening it shows a button only: mail scanners open every link before the reader does. A dead link leads to the
page that its mail named, by way of the usual sign-in.
"""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from wellchat import clock
from wellchat.accounts.hooks import second_step
from wellchat.accounts.links import DeadLink
from wellchat.accounts.sessions import sign_in
from wellchat.mail_sign_in import links
from wellchat.next_page import MAX_NEXT, with_next
from wellchat.web import safe_next

pages = Blueprint("mail_sign_in", __name__, template_folder="templates")


def _going_to() -> str:
    found = safe_next(request.values.get("next"))
    return found if len(found) <= MAX_NEXT else "/"


@pages.get("/sign-in/mail/<token>")
def show(token: str) -> BaseResponse:
    """Show a button, and change nothing."""
    if current_user.is_authenticated:
        return redirect(_going_to(), 303)
    try:
        user = links.owner(token, now=clock.now())
    except DeadLink:
        return redirect(with_next("/sign-in", _going_to()), 303)
    return make_response(render_template("mail_sign_in/show.html", address=user.email, next=_going_to()))


@pages.post("/sign-in/mail/<token>")
def enter(token: str) -> BaseResponse:
    """Sign in, or ask for the second factor before, and open the page that the mail named."""
    going_to = _going_to()
    try:
        user = links.redeem(token, now=clock.now())
    except DeadLink:
        return redirect(with_next("/sign-in", going_to), 303)
    asked = next((answer for answer in second_step(user, False, going_to) if answer is not None), None)
    if asked is not None:
        return asked
    # Whoever holds the mail is in, but that is no proof for what needs a fresh one.
    sign_in(user, proved=False)
    return redirect(going_to, 303)
