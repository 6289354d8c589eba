"""Write the few mails of the demo: digests for people who were away, and welcomes for new people.

Only if mails are kept in the instance folder: nobody reads mail at the addresses of the demo.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from wellchat.accounts.models import User
from wellchat.config import setting
from wellchat.demo.scene import Scene
from wellchat.demo.story import Talk
from wellchat.digests.actions import schedule_for_message, send_one
from wellchat.mail.actions import deliver, queue_mail

NEW = timedelta(days=5)  # people who joined within this time have a welcome mail


def send_mails(scene: Scene, threads: list[tuple[Talk, str]]) -> None:
    """Send the mails that the worker would have sent during the story.

    `threads` has each talk with the id of its thread.
    """
    if setting("SMTP_URL"):
        return
    for person in scene.story.people:
        if person.role != "admin" and scene.joined(person.key) > scene.now - NEW:
            _welcome(scene.users[person.key], scene.joined(person.key))
    away = {person.key for person in scene.story.people if person.away}
    for talk, thread_id in threads:
        for reader in away & talk.unread.keys():
            _send_digest(scene.users[reader].id, thread_id, scene, talk, talk.unread[reader])


def _welcome(user: User, joined: datetime) -> None:
    context = {"name": user.name, "role": user.role}
    mail = queue_mail(
        user_id=user.id, address=user.email, name="welcome", context=context, now=joined, wake_worker=False
    )
    deliver(mail_id=mail.id, now=joined)


def _send_digest(user_id: str, thread_id: str, scene: Scene, talk: Talk, unread: int) -> None:
    lines = scene.timed_lines(talk)
    for seq in range(len(lines) - unread + 1, len(lines) + 1):
        schedule_for_message(user_id=user_id, thread_id=thread_id, seq=seq, now=lines[seq - 1][1])
    due = min(lines[-1][1] + timedelta(seconds=setting("EMAIL_DELAY")), scene.now)
    outcome = send_one(user_id=user_id, now=due)
    if outcome is not None and outcome.mail_id is not None:
        deliver(mail_id=outcome.mail_id, now=due)
