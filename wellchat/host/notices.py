"""Notify people for the host: bell, push and mail, as each of them has chosen for its kind."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import select

from wellchat.accounts.models import User
from wellchat.audit.actions import record
from wellchat.config import setting
from wellchat.db import db, insert, new_id, transaction
from wellchat.errors import Invalid
from wellchat.feature import registry
from wellchat.i18n import N_, force_language, gettext
from wellchat.mail.actions import queue_mail
from wellchat.mail.compose import NotNow, NotWanted
from wellchat.mail.models import Mail
from wellchat.notifications.actions import notify
from wellchat.notifications.kinds import OWN, find_kind
from wellchat.notifications.models import OwnNotificationKind
from wellchat.notifications.queries import preferences
from wellchat.notifications.quiet_hours import quiet_for
from wellchat.notifications.unsubscribe import unsubscribe_path
from wellchat.push.models import Device

MAX_KINDS = 50
NAME = "host_notification"  # of the mail


def put_notification_kind(
    name: str, given: dict[str, Any], *, now: datetime
) -> tuple[OwnNotificationKind, list[str] | None]:
    """Make a kind of notification, or change what `given` names. Return (it, what changed or None if new).

    Raises Invalid for the name of one of ours, and for a new one without a label.
    """
    if name in registry().notification_kinds:
        text = gettext("%(name)s is one of our own kinds. Choose another name.", name=name)
        raise Invalid({"kind": text})
    with transaction() as session:
        kind = _locked(name)
        if kind is None:
            if given.get("label") is None:
                raise Invalid({"label": gettext("This field is required.")})
            if len(OWN.look()) >= MAX_KINDS:
                raise Invalid({"kind": gettext("There are %(num)s kinds already.", num=MAX_KINDS)})
            values = {"mail": "on", "push": "on", **given}
            new = insert(OwnNotificationKind).values(name=name, made_at=now, **values)
            new = new.on_conflict_do_nothing(index_elements=[OwnNotificationKind.name])
            if session.execute(new.returning(OwnNotificationKind.name)).scalar_one_or_none():
                _put_down(name, now)
                return session.get_one(OwnNotificationKind, name), None
            # Somebody has made it since.
            kind = _locked(name)
            assert kind is not None
        changed = [field for field, value in given.items() if value != getattr(kind, field)]
        for field in changed:
            setattr(kind, field, given[field])
        if changed:
            session.flush()
            _put_down(name, now)
        return kind, changed


def _locked(name: str) -> OwnNotificationKind | None:
    query = select(OwnNotificationKind).where(OwnNotificationKind.name == name).with_for_update()
    return db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()


def _put_down(name: str, now: datetime) -> None:
    record("notification_kind.put", now=now, about=("notification_kind", name))
    OWN.forget_after_commit()


class Told(NamedTuple):
    """By which ways a person is told of something: as they have chosen, and where there is such a way."""

    bell: bool
    push: bool
    mail: bool


def tell_person(
    user: User, *, kind: str, title: str, body: str, url: str, now: datetime
) -> tuple[str | None, Told]:
    """Notify a person of something of the host's, in the caller's transaction.

    Return (the id of the notification, None where the person wants neither bell nor push; the ways). Raises
    Invalid for a kind that the host has not put.
    """
    if OWN.get(kind) is None:
        text = gettext("There is no kind of notification called %(name)s.", name=repr(kind))
        raise Invalid({"kind": text})
    prefs = preferences(user.id)
    told = Told(*(prefs.wants(kind, channel) for channel in ("bell", "push", "email")))
    made = notify(
        user_id=user.id,
        kind=kind,
        title=title,
        preview=body,
        group_key=f"host:{new_id()}",  # each stands for itself
        payload={"url": url},
        now=now,
    )
    mail = told.mail and prefs.cadence != "off"
    if mail:
        context = {"name": user.name, "kind": kind, "title": title, "body": body, "url": url}
        queue_mail(user_id=user.id, address=user.email, name=NAME, context=context, now=now)
    # Who has no address is in the ledger of mails, and gets none.
    return made, told._replace(push=told.push and _has_device(user.id), mail=mail and user.email is not None)


def _has_device(user_id: str) -> bool:
    found = select(Device.id).where(Device.user_id == user_id).limit(1)
    return db.session.execute(found).scalar() is not None


def checked_url(url: str) -> str:
    """Return a path of this site, or an address of the host's sites. Raises ValueError for any other."""
    origins = (*setting("SSO_ORIGINS"), *current_app.config.get("EMBED_ORIGINS", ()))
    is_theirs = any(url == origin or url.startswith(f"{origin}/") for origin in origins)
    is_ours = url.startswith("/") and not url.startswith("//")
    # A browser takes line ends and tabs out, and reads a backslash as a slash.
    if (is_theirs or is_ours) and "\\" not in url and " " not in url and url.isprintable():
        return url
    text = gettext("Write a path of this site, such as /threads, or an address of a site that may use it.")
    raise ValueError(text)


def content(mail: Mail, now: datetime) -> dict[str, Any]:
    """Return the context of templates/emails/host_notification.

    Raises NotWanted where the person or the host does not want it any more, and NotNow in quiet hours.
    """
    said, reader = mail.context, db.session.get(User, mail.user_id) if mail.user_id else None
    kind = find_kind(said["kind"])
    if reader is None or not reader.is_active or kind is None:
        raise NotWanted(N_("The account or the kind of notification is gone."))
    prefs = preferences(reader.id)
    if prefs.cadence == "off" or not prefs.wants(kind.name, "email"):
        raise NotWanted(N_("Emails of this kind are switched off in the preferences."))
    if until := quiet_for(prefs, now):
        raise NotNow(until)
    with force_language(prefs.language):
        discreet_line = gettext(kind.discreet)
    url = said["url"]
    return {
        "name": reader.name,
        "title": said["title"],
        "lines": said["body"].splitlines(),
        "label": kind.label,
        "link": setting("BASE_URL") + url if url.startswith("/") else url,
        "language": prefs.language,
        "discreet": prefs.discreet,
        "discreet_line": discreet_line,
        "path": "/notifications",
        "unsubscribe_path": unsubscribe_path(reader.id, kind.name),
    }
