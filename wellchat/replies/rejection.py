"""Gather the content of the mail that says why a reply was not taken, and where to write instead."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.i18n import N_, force_language, gettext
from wellchat.mail.addresses import DIGEST, reply_address
from wellchat.mail.compose import NotWanted
from wellchat.mail.models import Mail
from wellchat.mail.reasons import reason_text
from wellchat.messaging.queries import ThreadView, threads_by_id
from wellchat.notifications.queries import preferences


def content(mail: Mail, now: datetime) -> dict[str, Any]:
    """Return the context of templates/emails/reply_refused. Raises NotWanted if the account is gone."""
    user = db.session.get(User, mail.user_id, populate_existing=True) if mail.user_id else None
    if user is None:
        raise NotWanted(N_("The account is gone."))
    with force_language(user.language):
        why = mail.context["why"]
        texts = {"language": user.language, "why": reason_text(why)}
        texts |= {"discreet_line": gettext("Your reply was not sent"), "discreet_detail": texts["why"]}
    discreet = preferences(user.id).discreet
    kind, target_id = mail.context["about"]
    threads = {
        view.thread.id: _choice(user, view, now)
        for view in threads_by_id(user.id, _thread_ids(kind, target_id))
    }
    choices = list(threads.values())
    if kind == DIGEST:
        return {**texts, "discreet": discreet, "choices": choices, "path": "/", "other": None}
    only = choices[0] if choices else {"path": "/", "other": None}
    return {**texts, "discreet": discreet, "choices": [], "path": only["path"], "other": only["other"]}


def _thread_ids(kind: str, target_id: str) -> list[str]:
    if kind != DIGEST:
        return [target_id]
    answered = db.session.get(Mail, target_id)
    return [each["thread_id"] for each in answered.covers] if answered else []


def _choice(user: User, view: ThreadView, now: datetime) -> dict[str, Any]:
    thread = view.thread
    return {
        "other": view.other.shown_name,
        "about": thread.subject.title if thread.subject else None,
        "path": f"/threads/{thread.id}",
        "address": reply_address(user_id=user.id, thread_id=thread.id, now=now),
    }
