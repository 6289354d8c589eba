"""The calls of frames: exchange a token of the host, find a conversation, lead out of the frame."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from apiflask import APIBlueprint
from flask import request
from pydantic import BaseModel

from wellchat import clock
from wellchat.accounts import links
from wellchat.accounts.models import User
from wellchat.accounts.queries import person_json
from wellchat.accounts.session_models import SSO, SSO_MFA
from wellchat.attachments.queries import file_for
from wellchat.audit.request_origin import device_label, network_of
from wellchat.config import setting
from wellchat.db import new_id
from wellchat.embed import files
from wellchat.embed.access import LASTS, begin, end
from wellchat.embed.forms import FindList, FindThread, NewLink, NewSession
from wellchat.embed.guarding import access
from wellchat.embed_settings import allows
from wellchat.errors import Invalid, NotFound
from wellchat.guard import Budget, spend
from wellchat.host.refs import person
from wellchat.i18n import force_language, gettext, language
from wellchat.identities.models import Moved
from wellchat.messaging.pages.inbox import WORDS
from wellchat.messaging.queries import thread_for
from wellchat.messaging.threads import open_thread
from wellchat.sealed_query import address
from wellchat.shapes import Id, like
from wellchat.sso.doors import asked_second_factor, note_refusal, person_of_token
from wellchat.sso.tokens import BadToken, HostClaims, read_host_token
from wellchat.web import csrf_exempt, limiter, place_key, safe_next, signed_in, viewer

DOOR = "/api/embed/sessions"
REFUSED = Budget("embed-refused", "30/minute")  # from one place
OF_PERSON = Budget("embed-person", "60/minute;600/hour")
FRAME = links.Purpose("frame", "/sign-in/frame/", links.SIGN_IN.lifetime)

api = APIBlueprint(
    "embed_api",
    __name__,
    url_prefix="/api",
    tag={
        "name": "Frames",
        "description": "What frames in pages of the platform call. The embed script does it.",
    },
)


class WrongOrigin(BadToken):
    """The frame stands in a page of nobody whom the settings name."""

    status = 403


class Brand(BaseModel):
    """How this installation looks."""

    name: str = like("Studio")
    accent_hue: int = like(265)


class Session(BaseModel):
    """A session of a frame. `access_token` works for `expires_in` seconds, with `Authorization: Bearer`."""

    access_token: str = like("wce_m5hR9vXc2QkT7wLpZ0bNf4Ys8eJgUdA1iOqKx3VrWtM")
    expires_in: int = like(900)
    user: dict[str, object] = like({"id": "wmrc9qh0k19xf", "name": "Hanna"})
    language: str = like("de")
    brand: Brand


class FoundThread(BaseModel):
    """A conversation."""

    id: Id


class Link(BaseModel):
    """An address that works for `expires_in` seconds."""

    url: str = like("https://chat.example.com/sign-in/frame/WyJ3bXJjOXFoMGsxOXhmIiw")
    expires_in: int = like(60)


class Path(BaseModel):
    """A path of this site."""

    path: str = like("/?sealed=kq2x")


@api.post("/embed/sessions")
@csrf_exempt
@limiter.limit("600/minute", key_func=place_key)
@api.input(NewSession, location="json", arg_name="body")
@api.output(Session, status_code=201)
@api.doc(
    responses={401: "The token is not taken; the security log says why", 403: "Not in pages of this site"}
)
def create_embed_session(body: NewSession) -> tuple[dict[str, object], int]:
    """Exchange a token of the host for an access token, good for 15 minutes.

    The same token may be exchanged again while it lasts: each frame of a page does it.
    """
    now = clock.now()
    try:
        if not allows(setting("EMBED_ORIGINS"), body.origin):
            raise WrongOrigin("wrong_origin", "The page's origin is not in WELLCHAT_EMBED_ORIGINS.")
        claims = read_host_token(body.token, now)
        user = person_of_token(claims, now)
        _check_factor(user, claims)
        spend((OF_PERSON, user.id))
        secret = begin(
            user=user,
            origin=body.origin,
            way=SSO_MFA if asked_second_factor(claims.amr) else SSO,
            network=network_of(request.remote_addr or ""),
            device=device_label(request.headers.get("User-Agent", "")),
            now=now,
        )
    except BadToken as error:
        # Each refusal is a row of the log, and a stranger may cause them.
        spend((REFUSED, place_key()))
        note_refusal(error, DOOR, now)
        raise
    return _session(user, secret), 201


def _check_factor(user: User, claims: HostClaims) -> None:
    # A frame has no page that could ask for the code.
    if user.factor_since is not None and not asked_second_factor(claims.amr):
        reason = "The person has a second factor here. The token must say in amr that one was asked for: mfa."
        raise BadToken("second_factor", reason, kid=claims.kid)


def _session(user: User, secret: str) -> dict[str, object]:
    brand = {"name": setting("NAME"), "accent_hue": setting("ACCENT_HUE")}
    # What the browser asks for, where the person has chosen none.
    with force_language(user.locale or language()):
        about = {"user": person_json(user), "language": language(), "brand": brand}
    return {"access_token": secret, "expires_in": int(LASTS.total_seconds()), **about}


@api.delete("/embed/sessions/current")
@signed_in
@api.output({}, status_code=204)
def end_embed_session() -> tuple[str, int]:
    """End the session of this frame."""
    end(access(), now=clock.now())
    return "", 204


@api.post("/embed/threads")
@signed_in
@limiter.limit("60/minute")
@api.input(FindThread, location="json", arg_name="body")
@api.output(FoundThread)
def find_embed_thread(body: FindThread) -> dict[str, str]:
    """Find the conversation that a frame shows, by the host's ids; it is made if there is none."""
    access()
    now, user = clock.now(), viewer()
    if body.id is not None:
        return {"id": thread_for(user, body.id).thread.id}
    other = _other(body.with_, now) if body.with_ is not None else None
    subject = (body.subject.kind, body.subject.external_id) if body.subject else None
    thread_id, _ = open_thread(viewer=user, with_id=other, subject=subject, now=now)
    return {"id": thread_id}


def _other(ref: str, now: datetime) -> str:
    try:
        return person(ref, now=now).id
    except (NotFound, Moved):
        # The same as for somebody with whom the viewer has no business: which ids there are is the host's.
        raise NotFound from None


@api.post("/embed/lists")
@signed_in
@api.input(FindList, location="json", arg_name="body")
@api.output(Path)
def find_embed_list(body: FindList) -> dict[str, str]:
    """Return the path of a list that is narrowed by words, which must stand in no address."""
    access()
    return {"path": address("/", dict(body), words=WORDS)}


@api.post("/embed/links")
@signed_in
@limiter.limit("30/minute")
@api.input(NewLink, location="json", arg_name="body")
@api.output(Link, status_code=201)
def create_embed_link(body: NewLink) -> tuple[dict[str, object], int]:
    """Make a link that opens a page of this site in a window of its own, signed in. It works once."""
    user = access().user
    if safe_next(body.to) != body.to:
        raise Invalid({"to": gettext("Write a path of this site, such as /settings.")})
    path = links.path_for(user, FRAME, clock.now(), number=new_id())
    url = setting("BASE_URL") + path + "?" + urlencode({"next": body.to})
    return {"url": url, "expires_in": int(FRAME.lasts.total_seconds())}, 201


@api.post("/attachments/<attachment_id>/links")
@signed_in
@limiter.limit("60/minute")
@api.output(Link, status_code=201)
def create_attachment_link(attachment_id: str) -> tuple[dict[str, object], int]:
    """Make an address from which a browser downloads this one file, without a cookie and a header."""
    file = file_for(viewer(), attachment_id)
    path = files.path_of(access(), file.id, clock.now())
    return {"url": setting("BASE_URL") + path, "expires_in": int(files.LASTS.total_seconds())}, 201
