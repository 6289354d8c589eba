"""Make and redeem the links of mails that sign their reader in.

A link works once and for an hour. It is bound to the address of the mail and to the state of the account: it
dies with a new address or password, and when all sessions of the person are ended. There is none for
administrators, nor for people who sign in elsewhere.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from wellchat.accounts import links
from wellchat.accounts.hooks import home_of, sign_in_vetoed
from wellchat.accounts.limits import count_link
from wellchat.accounts.links import DeadLink
from wellchat.accounts.models import User
from wellchat.db import db, transaction
from wellchat.next_page import with_next

MAIL = links.Purpose("mail-sign-in", "/sign-in/mail/", timedelta(hours=1), lets_in=True)


def way_into(user_id: str, path: str, mail_id: str, now: datetime) -> str | None:
    """Return the path of a link that signs this person in and opens `path`. None: they get none."""
    user = db.session.get(User, user_id)
    if user is None or not _may(user):
        return None
    # One token for each mail: whichever of its links is opened, the others lead to their pages still.
    return with_next(links.path_for(user, MAIL, now, number=mail_id), path)


def owner(token: str, *, now: datetime) -> User:
    """Return whom a link would sign in, without using it up. Raises DeadLink."""
    user = links.link_owner(token, MAIL, now=now)
    if not _may(user):
        raise DeadLink
    return user


def redeem(token: str, *, now: datetime) -> User:
    """Use up a link and return whom it signs in. Raises DeadLink for all but the first."""
    count_link()
    with transaction():
        user = links.redeem(token, MAIL, now=now)
        if not _may(user):
            raise DeadLink
    return user


def _may(user: User) -> bool:
    """Return whether this person may be signed in by a mail."""
    is_ready = user.is_active and user.verified_at is not None and not user.is_admin
    return is_ready and home_of(user) is None and not any(sign_in_vetoed(user))
