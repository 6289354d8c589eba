"""Find the person whom a provider has signed in, with the role that their groups give."""

from __future__ import annotations

from datetime import UTC, datetime

from wellchat.accounts.credentials import end_sessions
from wellchat.accounts.models import ADMIN, CLIENT, User
from wellchat.db import db
from wellchat.errors import Conflict
from wellchat.identities.queries import find_person
from wellchat.reasons import MAX_REASON
from wellchat.safety import people as measures
from wellchat.sso.jose import Unfit
from wellchat.sso.oidc import Login
from wellchat.sso.people import Stranger, person_of
from wellchat.sso_settings import Provider


def person_of_login(provider: Provider, login: Login, now: datetime) -> User:
    """Return the active person whom a provider has signed in, made if need be. Raises Unfit."""
    _check_domain(provider, login)
    role, duties = _role(provider, login), _duties(provider, login)
    # Before anybody is made: an administrator who is no more may be nobody else here.
    if role is None and not duties:
        _take_away(provider, login, CLIENT, now)
        raise Unfit("no_group", "No group of the person has a role here.")
    user = person_of(_stranger(provider, login, role), now)
    if duties:
        return _give(user, duties, provider, now)
    _take_away(provider, login, role or CLIENT, now)
    return db.session.get_one(User, user.id, populate_existing=True)


def _check_domain(provider: Provider, login: Login) -> None:
    if not provider.domains:
        return
    domain = (login.email or "").rpartition("@")[2].lower()
    if not login.email_verified or domain not in provider.domains:
        raise Unfit("wrong_domain", "The person has no verified address in one of the DOMAINS.")


def _role(provider: Provider, login: Login) -> str | None:
    """Return the role of the first group that fits, or of `*`. None: there is none for this person."""
    if not provider.roles:
        return CLIENT
    found = (role for group, role in provider.roles.items() if group in login.groups)
    return next(found, provider.roles.get("*"))


def _duties(provider: Provider, login: Login) -> set[str]:
    return {duty for group, duty in provider.admins.items() if group in login.groups}


def _stranger(provider: Provider, login: Login, role: str | None) -> Stranger:
    as_of = datetime.fromtimestamp(login.updated_at, UTC) if login.updated_at is not None else None
    return Stranger(
        source=provider.issuer,
        external_id=login.sub,
        joins_by_email=provider.joins,
        name=login.name,
        email=login.email,
        email_verified=login.email_verified,
        role=role,
        locale=login.locale,
        zoneinfo=login.zoneinfo,
        as_of=as_of,
    )


def _give(user: User, duties: set[str], provider: Provider, now: datetime) -> User:
    # An account with a password could be opened without the provider: it gets no duties from there.
    if user.password_hash is not None:
        raise Unfit("has_password", "The account has a password here, so a group makes it no administrator.")
    if user.is_admin and set(user.admin_roles.split()) == duties:
        return user
    try:
        measures.change_role(
            by=None, user_id=user.id, role=ADMIN, admin_roles=duties, reason=_reason(provider), now=now
        )
    except Conflict as refusal:
        raise Unfit("role_in_use", f"The person cannot be made an administrator: {refusal.detail}") from None
    return db.session.get_one(User, user.id, populate_existing=True)


def _take_away(provider: Provider, login: Login, role: str, now: datetime) -> None:
    """Take the duties of an administrator away from a person who came by this provider and lost the group."""
    user = find_person(provider.issuer, login.sub, now=now)
    if not provider.admins or user is None or not user.is_admin or user.password_hash is not None:
        return
    try:
        measures.change_role(by=None, user_id=user.id, role=role, reason=_reason(provider), now=now)
    except Conflict:
        # The last owner stays one, and does not get in: somebody else must be made an owner first.
        end_sessions(user_id=user.id)
        raise Unfit("last_owner", "The last owner has lost the group. Make another owner first.") from None
    end_sessions(user_id=user.id)


def _reason(provider: Provider) -> str:
    return f"Groups at {provider.label}"[:MAX_REASON]
