"""Let a person show on /prove that it is them: by their app, a recovery code or a passkey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from flask import Blueprint
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts.hooks import ProofMethod
from wellchat.accounts.models import User
from wellchat.factors import ceremony, passkeys
from wellchat.factors.actions import use_code
from wellchat.factors.challenges import PROVE
from wellchat.factors.forms import PasskeyResponse, TypedCode
from wellchat.factors.pages.browser import send_options, this_challenge
from wellchat.factors.queries import factors_of
from wellchat.forms import fill
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("factors_prove", __name__)


def _by_code(user: User, form: Mapping[str, str], now: datetime) -> None:
    use_code(user_id=user.id, typed=fill(TypedCode, form).code, now=now)


def _by_passkey(user: User, form: Mapping[str, str], now: datetime) -> None:
    passkeys.use_passkey(
        purpose=PROVE,
        user_id=user.id,
        challenge_id=this_challenge(),
        response=fill(PasskeyResponse, form).response,
        now=now,
    )


def by_factor(user: User) -> Sequence[ProofMethod]:
    """Return the factors of this person as ways to prove who is there."""
    if user.factor_since is None:
        return ()
    factors, found = factors_of(user), []
    if factors.app_since:
        found.append(ProofMethod("code", "factors/_prove_code.html", _by_code, position=20))
    if factors.passkeys and ceremony.site():
        found.append(ProofMethod("passkey", "factors/_prove_passkey.html", _by_passkey, position=30))
    found.append(ProofMethod("recovery", "factors/_prove_recovery.html", _by_code, position=40))
    return found


@pages.post("/prove/passkey/options")
@signed_in
@limiter.limit("20/minute")
def passkey_options() -> Response:
    """Return what the browser is to ask the person's passkeys."""
    return send_options(passkeys.begin_use(purpose=PROVE, user_id=viewer().id, now=clock.now()))
