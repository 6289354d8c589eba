"""Serve the links of mails about an account: "this was not me", a new address, and its undoing.

Opening a link shows a button only: mail scanners open every link before the reader does.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template
from flask_login import logout_user
from werkzeug.wrappers import Response as BaseResponse

from wellchat import clock
from wellchat.accounts import address_change, known_devices, links
from wellchat.accounts.limits import count_link
from wellchat.accounts.links import DeadLink
from wellchat.i18n import gettext

pages = Blueprint("mailed_links", __name__)
Page = str | tuple[str, int] | BaseResponse


def _dead(dead: DeadLink) -> tuple[str, int]:
    return render_template("accounts/invalid_link.html", detail=dead.detail, what="other"), dead.status


def _button(what: str, look: Callable[[], dict[str, str]]) -> Page:
    """Return the page with the button, or the one that says that the link is dead."""
    try:
        return render_template(f"accounts/{what}.html", **look())
    except DeadLink as dead:
        return _dead(dead)


@pages.get("/not-me/<token>")
def not_me(token: str) -> Page:
    """Show the button."""
    return _button(
        "not_me", lambda: {"address": links.link_owner(token, links.NOT_ME, now=clock.now()).email or ""}
    )


@pages.post("/not-me/<token>")
def post_not_me(token: str) -> Page:
    """End every session of the account, and mail a link for a new password."""
    count_link()
    try:
        user = known_devices.deny_device(token=token, now=clock.now())
    except DeadLink as dead:
        return _dead(dead)
    return _signed_out(user.email or "")


@pages.get("/confirm-address/<token>")
def confirm_address(token: str) -> Page:
    """Show the button."""

    def look() -> dict[str, str]:
        change = address_change.change_of_link(token, links.ADDRESS, now=clock.now())
        return {"address": change.new_email}

    return _button("confirm_address", look)


@pages.post("/confirm-address/<token>")
def post_confirm_address(token: str) -> Page:
    """Move the account to its new address. Whoever is signed in stays so."""
    count_link()
    try:
        change = address_change.confirm_change(token=token, now=clock.now())
    except DeadLink as dead:
        return _dead(dead)
    flash(gettext("Your address is now %(address)s.", address=change.new_email), "good")
    return redirect("/settings", 303)


@pages.get("/undo-address/<token>")
def undo_address(token: str) -> Page:
    """Show the button."""

    def look() -> dict[str, str]:
        change = address_change.change_of_link(token, links.UNDO, now=clock.now())
        return {"address": change.old_email or "", "new_address": change.new_email}

    return _button("undo_address", look)


@pages.post("/undo-address/<token>")
def post_undo_address(token: str) -> Page:
    """Move the account back, end every session, and mail a link for a new password."""
    count_link()
    try:
        change = address_change.undo_change(token=token, now=clock.now())
    except DeadLink as dead:
        return _dead(dead)
    return _signed_out(change.old_email or "")


def _signed_out(address: str) -> str:
    logout_user()
    return render_template("accounts/all_ended.html", address=address)
