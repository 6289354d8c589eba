"""Create and revoke bearer tokens, for programs."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import g, request
from pydantic import BaseModel

from wellchat import clock
from wellchat.accounts import credentials
from wellchat.accounts.actions import create_token, revoke_token
from wellchat.accounts.forms import SignInByProgram
from wellchat.accounts.hooks import program_signs_in
from wellchat.accounts.models import BY_PASSWORD
from wellchat.accounts.sessions import note_refusal
from wellchat.audit.request_origin import network_of
from wellchat.errors import NotAllowed, NotFound, NotSignedIn
from wellchat.i18n import gettext
from wellchat.shapes import like
from wellchat.web import signed_in, viewer

api = APIBlueprint(
    "accounts_api",
    __name__,
    url_prefix="/api",
    tag={"name": "Tokens", "description": "Sign in by password, and out."},
)


class NewToken(BaseModel):
    """A new token; `token` is shown only once."""

    token: str = like("m5hR9vXc2QkT7wLpZ0bNf4Ys8eJgUdA1iOqKx3VrWtM")


@api.post("/tokens")
@api.input(SignInByProgram, location="json", arg_name="body")
@api.output(NewToken, status_code=201)
@api.doc(
    operation_id="create_token",
    responses={
        401: "Wrong address or password",
        403: "The address is not verified yet, or a `code` is needed",
        409: "Too many tokens",
    },
)
def post_token(body: SignInByProgram) -> tuple[dict[str, str], int]:
    """Create a bearer token for an email address and its password. It ends after 90 days.

    Who has a second factor sends its `code` too. The token may read and send. Of 20 tokens of one person, the
    oldest made by this call makes room for a new one.
    """
    user = credentials.authenticate(email=body.email, password=body.password)
    if user is None:
        note_refusal(body.email)
        raise NotSignedIn(gettext("The email address or the password is not right."))
    if user.verified_at is None:
        credentials.send_verification(user_id=user.id, now=clock.now())
        raise NotAllowed(gettext("Verify your email address first: open the link we just sent to it."))
    program_signs_in(user, body.code, clock.now())
    token = create_token(
        user_id=user.id,
        name="API",
        made_by=BY_PASSWORD,
        network=network_of(request.remote_addr or ""),
        now=clock.now(),
    )
    return {"token": token}, 201


@api.delete("/tokens/current")
@signed_in
@api.output({}, status_code=204)
@api.doc(responses={404: "This call was not made with a token"})
def delete_token() -> tuple[str, int]:
    """End the token that this call is made with."""
    token_id = g.get("token_id")
    if token_id is None:
        raise NotFound(gettext("This call was not made with a token."))
    revoke_token(user_id=viewer().id, token_id=token_id, now=clock.now())
    return "", 204
