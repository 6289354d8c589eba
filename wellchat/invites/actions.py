"""Choose a readable name, and whether the page is public."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from wellchat.accounts.actions import lock_user
from wellchat.db import db, insert, transaction
from wellchat.errors import Invalid, NotAllowed
from wellchat.i18n import gettext
from wellchat.invites.models import PublicName, PublicPage

MAX_NAMES = 5  # of one person, the old ones included


def save_page(*, user_id: str, name: str, is_shown: bool, now: datetime) -> None:
    """Store a professional's readable name, and whether everybody may see the page.

    The values are those of forms.PageForm. Raises NotAllowed for anybody else, and Invalid if the name is
    somebody's, or the person has had MAX_NAMES others.
    """
    with transaction() as session:
        # Two forms of one person at once: the second counts the name of the first.
        user = lock_user(user_id)
        if not user.is_professional:
            raise NotAllowed(gettext("Only professionals have a link to invite clients."))
        _take(name, user_id, now)
        values = {"name": name, "is_shown": is_shown, "changed_at": now}
        session.execute(
            insert(PublicPage)
            .values(user_id=user_id, **values)
            .on_conflict_do_update(index_elements=[PublicPage.user_id], set_=values)
        )


def _take(name: str, user_id: str, now: datetime) -> None:
    # The primary key decides: of two people who take a name at once, one gets it.
    taken = db.session.execute(
        insert(PublicName)
        .values(name=name, user_id=user_id, taken_at=now)
        .on_conflict_do_nothing(index_elements=[PublicName.name])
        .returning(PublicName.name)
    ).scalar_one_or_none()
    if taken is None:
        owner = db.session.execute(select(PublicName.user_id).where(PublicName.name == name))
        if owner.scalar_one_or_none() != user_id:
            text = gettext("Somebody else has this name already. Choose another one.")
            raise Invalid({"name": text})
        return
    count = select(func.count()).where(PublicName.user_id == user_id)
    if db.session.execute(count).scalar_one() > MAX_NAMES:
        text = gettext(
            "You have had %(num)s names, which is the most. Take one of them again.", num=MAX_NAMES
        )
        raise Invalid({"name": text})
