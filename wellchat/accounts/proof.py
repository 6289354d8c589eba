"""Ask again who is there, before what a stranger at an open browser must not do (OWASP ASVS 7.5.3).

A view under `@fresh_proof` runs only if the person proved within PROOF_LASTS, in this session, who they are:
by signing in, or on the page /prove. The methods there come from the hook `proof_methods`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec, TypeVar, cast
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Flask, Response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from wellchat import clock
from wellchat.accounts.hooks import ProofMethod, proof_methods
from wellchat.accounts.models import User
from wellchat.accounts.sessions import prove_session
from wellchat.audit.actions import record_refusal
from wellchat.errors import Invalid, NotFound, WellchatError, problem, wants_json
from wellchat.i18n import N_, gettext
from wellchat.web import SAFE_METHODS, limiter, safe_next, signed_in, viewer

P = ParamSpec("P")
R = TypeVar("R")

PROOF_LASTS = timedelta(minutes=10)
CLOCKS_DIFFER = timedelta(minutes=1)
RESERVED = "/oversight"  # for everybody but administrators it does not exist

pages = Blueprint("proof", __name__)


class ProofNeeded(WellchatError):
    """The call needs a fresh proof of who makes it. `prove`: whether there is a way to give one."""

    status = 403
    heading = N_("Show that it is you")

    def __init__(self, *, prove: bool) -> None:
        self.prove = prove
        super().__init__(
            N_("Show first that it is you: open the page that `prove` names.")
            if prove
            else N_("A program cannot do this. Do it in a browser.")
        )


def is_fresh(user: User) -> bool:
    """Return whether the person proved within PROOF_LASTS, in this session, who they are."""
    proved_at = user.session.proved_at if user.session else None
    # A little later than now is another host's clock; much later is a clock that was set back.
    return proved_at is not None and -CLOCKS_DIFFER < clock.now() - proved_at < PROOF_LASTS


def fresh_proof(view: Callable[P, R]) -> Callable[P, R]:
    """Guard a view, below `@signed_in`: without a fresh proof answer 403 under /api, and lead to /prove.

    A bearer token is no person: it is always refused.
    """

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        user = viewer()
        if is_fresh(user):
            return view(*args, **kwargs)
        if request.path.startswith(RESERVED) and not user.is_admin:
            # What does not exist for somebody asks for no proof either.
            raise NotFound
        # Without a session there is no row that could hold a proof.
        if wants_json() or not user.session_id:
            raise ProofNeeded(prove=bool(user.session_id))
        return cast(R, redirect("/prove?" + urlencode({"next": _way_back()}), 303))

    guarded.proof = "fresh"  # type: ignore[attr-defined]  # tests look for it
    return guarded


def _way_back() -> str:
    """Return the page to open after the proof: this one, or the page of the form that was sent."""
    if request.method in SAFE_METHODS:
        return request.full_path.rstrip("?")
    # The page with the form: a POST cannot be opened again, and a foreign page is no way back.
    came_from = urlsplit(request.referrer or "")
    return safe_next(came_from.path) if came_from.netloc == request.host else "/"


def _methods(user: User) -> dict[str, ProofMethod]:
    found = [method for methods in proof_methods(user) for method in methods]
    return {method.name: method for method in sorted(found, key=lambda method: method.position)}


def _page(going_to: str, refusal: Invalid | None = None) -> tuple[str, int]:
    page = render_template(
        "accounts/prove.html",
        methods=list(_methods(viewer()).values()),
        next=going_to,
        errors=refusal.errors if refusal else {},
    )
    return page, 422 if refusal else 200


@pages.get("/prove")
@signed_in
def show() -> tuple[str, int]:
    """Show the ways to prove who is there."""
    return _page(safe_next(request.args.get("next")))


@pages.post("/prove")
@signed_in
@limiter.limit("5/minute;20/hour")
def prove() -> tuple[str, int] | BaseResponse:
    """Take a proof, and lead back."""
    going_to, user = safe_next(request.form.get("next")), viewer()
    if not user.session_id:
        raise ProofNeeded(prove=False)
    try:
        method = _methods(user).get(request.form.get("method", ""))
        if method is None:
            raise Invalid({"form": gettext("Choose one of the ways below.")})
        method.check(user, request.form, clock.now())
    except Invalid as refusal:
        record_refusal("proof.refused", now=clock.now(), person_id=user.id)
        return _page(going_to, refusal)
    prove_session(user)
    return redirect(going_to, 303)


def _on_proof_needed(error: ProofNeeded) -> Response:
    response = problem(error.status, error.detail)
    if error.prove:
        response.set_data(response.json_module.dumps({**response.get_json(), "prove": "/prove"}))
    return response


def init_app(app: Flask) -> None:
    """Register the answer to a program that needs a proof."""
    app.register_error_handler(ProofNeeded, _on_proof_needed)
