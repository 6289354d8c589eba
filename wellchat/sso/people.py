"""Find the person of a good token, make them the first time, and keep them as their home says."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from wellchat.accounts.actions import insert_user, lock_user
from wellchat.accounts.address_models import is_kept_back
from wellchat.accounts.credentials import end_sessions
from wellchat.accounts.forms import known_zones
from wellchat.accounts.hooks import Home, sign_in_vetoed
from wellchat.accounts.models import CLIENT, User
from wellchat.accounts.profile import EmailTaken, check_address, set_address, set_values
from wellchat.accounts.queries import user_by_email
from wellchat.audit.actions import record
from wellchat.config import setting
from wellchat.db import db, transaction
from wellchat.errors import Conflict
from wellchat.host import times
from wellchat.i18n import available_languages
from wellchat.identities.actions import link, person_for
from wellchat.identities.models import HOST, Identity, Moved
from wellchat.identities.queries import find_person
from wellchat.sso.jose import Unfit


@dataclass(frozen=True)
class Stranger:
    """What a token says about a person, whoever signed it."""

    source: str  # of their id: `host` or the issuer
    external_id: str
    joins_by_email: bool  # may a verified address join an account that stands?
    name: str | None = None
    email: str | None = None
    email_verified: bool = False
    role: str | None = None
    role_label: str | None = None
    locale: str | None = None
    zoneinfo: str | None = None
    as_of: datetime | None = None


def person_of(stranger: Stranger, now: datetime) -> User:
    """Return the person of a token: found by their id, joined by a verified address, or made.

    An address alone never finds anybody. Raises Unfit where nobody may be signed in by this token.
    """
    try:
        found = find_person(stranger.source, stranger.external_id, now=now)
        user = found or _join(stranger, now) or _make(stranger, now)
    except Moved as moved:
        raise Unfit("moved", f"The id was given up. The person has the id {moved.external_id}.") from None
    if not user.is_active or any(sign_in_vetoed(user)):
        raise Unfit("disabled", "The account of this person is disabled.")
    if user.is_admin and stranger.source == HOST:
        # Whoever holds a key of the host must not hold the whole installation with it.
        raise Unfit("is_admin", "The person is an administrator, who signs in here, with a password.")
    if found is not None:
        _keep(user, stranger, now)
    return user


def _join(stranger: Stranger, now: datetime) -> User | None:
    """Give the account with this address the id of the token. None: there is no such account."""
    standing = user_by_email(stranger.email) if stranger.email else None
    if standing is None:
        return None
    for fits, code, reason in (
        (
            stranger.joins_by_email,
            "address_taken",
            "The address has an account, and this key may not join it.",
        ),
        (
            stranger.email_verified,
            "address_not_verified",
            "The address has an account; email_verified is not true.",
        ),
        (
            not standing.is_admin,
            "address_of_admin",
            "The address is that of an administrator, who is never joined.",
        ),
        (standing.is_active, "disabled", "The account with this address is disabled."),
    ):
        if not fits:
            raise Unfit(code, reason)
    with transaction():
        user = lock_user(standing.id)
        if user.is_admin or user.email != standing.email:
            raise Unfit("address_taken", "The account with this address was changed a moment ago.")
        try:
            link(user_id=user.id, source=stranger.source, external_id=stranger.external_id, now=now)
        except Conflict:
            reason = "The address belongs to somebody who has another id there."
            raise Unfit("address_taken", reason) from None
        if user.verified_at is None:
            # Whoever signed up with the address never showed that it is theirs: their password and their
            # sessions must not open what is the owner's from now on.
            user.verified_at, user.password_hash = now, None
            end_sessions(user_id=user.id)
        record("sso.joined", now=now, person_id=user.id, actor_id=user.id, detail={"source": _kind(stranger)})
    return user


def _make(stranger: Stranger, now: datetime) -> User:
    if not setting("SSO_MAKES"):
        raise Unfit("unknown_person", "Nobody has this id here, and WELLCHAT_SSO_MAKES is off.")
    if not stranger.name:
        raise Unfit("no_name", "The person comes for the first time: the token needs name.")
    one = {"source": stranger.source, "external_id": stranger.external_id}
    try:
        user, is_new = person_for(**one, make=_insert(stranger, now), now=now)
    except Unfit:
        # The address may be taken by this very person, made at the same moment from another tab.
        twin = find_person(stranger.source, stranger.external_id, now=now)
        if twin is None:
            raise
        return twin
    if is_new:
        with transaction():
            times.take(times.PERSON, user.id, stranger.as_of)
    return user


def _insert(stranger: Stranger, now: datetime) -> Callable[[], User]:
    def insert() -> User:
        address = stranger.email
        made = insert_user(
            email=address,
            name=stranger.name,
            role=stranger.role or CLIENT,
            role_label=stranger.role_label,
            password_hash=None,
            time_zone=_zone(stranger) or "UTC",
            locale=_language(stranger),
            verified_at=now if address and stranger.email_verified else None,
            created_at=now,
        )
        # An address that somebody may still go back to is theirs for as long.
        if made is None or (address and is_kept_back(address, now=now)):
            raise Unfit("address_taken", "The address has an account, made or left a moment ago.")
        record(
            "sso.person_made",
            now=now,
            person_id=made.id,
            actor_id=made.id,
            detail={"source": _kind(stranger)},
        )
        return made

    return insert


def _kind(stranger: Stranger) -> str:
    return "host" if stranger.source == HOST else "oidc"


def _keep(user: User, stranger: Stranger, now: datetime) -> None:
    """Take over what changed at home since the last time; never the role, and no address where there is a
    password.

    Without `as_of` nobody knows what is newer, so nothing is taken over.
    """
    if stranger.as_of is None:
        return
    with transaction():
        person = lock_user(user.id)
        if times.is_stale(times.PERSON, person.id, stranger.as_of):
            return
        times.take(times.PERSON, person.id, stranger.as_of)
        said = {
            "name": stranger.name,
            "role_label": stranger.role_label,
            "locale": _language(stranger),
            "time_zone": _zone(stranger),
        }
        set_values(person, {name: value for name, value in said.items() if value is not None})
        if stranger.email and stranger.email_verified and not person.password_hash and not person.is_admin:
            # Somebody else may have it: they keep it, and the person keeps theirs. It is looked at before,
            # because an inner transaction that fails takes all with it.
            with suppress(EmailTaken):
                check_address(stranger.email, user_id=person.id, now=now)
                set_address(person, email=stranger.email, verified=True, now=now)


def _zone(stranger: Stranger) -> str | None:
    return stranger.zoneinfo if stranger.zoneinfo in known_zones() else None


def _language(stranger: Stranger) -> str | None:
    """Return the language of ours for a locale such as de-AT or de_AT; None: the browser's."""
    wanted = (stranger.locale or "").replace("_", "-")
    known = {code.lower(): code for code in available_languages()}
    return known.get(wanted.lower()) or known.get(wanted.partition("-")[0].lower())


def sources_of(user: User) -> set[str]:
    """Return who knows this person by an id: `host`, and issuers."""
    query = select(Identity.source).where(Identity.user_id == user.id, Identity.moved_at.is_(None))
    return set(db.session.execute(query).scalars())


def home_of_person(user: User) -> Home | None:
    """Return where the account of a person is kept. None: here, for they have a password or no other home."""
    if user.password_hash is not None:
        return None
    sources = sources_of(user)
    # An administrator whom only the host knows signs in here: see person_of.
    if not sources or (user.is_admin and sources == {HOST}):
        return None
    labels = {each.issuer: each.label for each in setting("OIDC").values()}
    label = next((labels[source] for source in sorted(sources) if source in labels), setting("NAME"))
    return Home(label, setting("ACCOUNT_URL"))
