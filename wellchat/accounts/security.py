"""Serve `/settings/security`: where somebody is signed in, and what other features add."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from wellchat import clock
from wellchat.accounts.hooks import SecuritySection, security_sections
from wellchat.accounts.models import User
from wellchat.accounts.proof import fresh_proof
from wellchat.accounts.queries import sessions_of
from wellchat.accounts.session_rows import end_one, end_others
from wellchat.accounts.sessions import note_session, sign_out
from wellchat.i18n import gettext, ngettext
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("security", __name__, url_prefix="/settings/security")


def sessions_section(user: User, now: datetime) -> SecuritySection:
    """Return the list of sessions, with the one of this request marked."""
    own = user.session.id if user.session else None
    data = {"sessions": sessions_of(user, now=now), "own": own}
    return SecuritySection("accounts/_security_sessions.html", data, position=50)


@pages.get("")
@signed_in
def show() -> str:
    """Show the sections of all features."""
    sections = [section for section in security_sections(viewer(), clock.now()) if section is not None]
    return render_template(
        "accounts/security.html", sections=sorted(sections, key=lambda section: section.position)
    )


@pages.post("/sessions/<session_id>/end")
@signed_in
@limiter.limit("60/minute")
def end_session(session_id: str) -> BaseResponse:
    """End one session. Its browser is signed out at once, wherever it is. Another than this needs a proof."""
    user = viewer()
    if user.session is not None and user.session.id == session_id:
        sign_out()
        return redirect(url_for("accounts.sign_in"), 303)
    return _end_one(session_id)


@fresh_proof
def _end_one(session_id: str) -> BaseResponse:
    end_one(user_id=viewer().id, session_id=session_id, now=clock.now())
    flash(gettext("That browser is signed out."), "good")
    return redirect(url_for("security.show"), 303)


@pages.post("/sessions/end-others")
@signed_in
@fresh_proof
@limiter.limit("60/minute")
def end_other_sessions() -> BaseResponse:
    """End every session but this one."""
    # First, so that this one has a row.
    note_session(viewer())
    count = end_others(user=viewer(), now=clock.now())
    said = ngettext("%(num)s other browser is signed out.", "%(num)s other browsers are signed out.", count)
    flash(said if count else gettext("You were signed in nowhere else."), "good")
    return redirect(url_for("security.show"), 303)
