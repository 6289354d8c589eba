"""Load the demo and remove it again.

The stories are replayed through the same actions that pages call, each with its own moment in the past. So
numbers, watermarks, notifications and change logs come out as if it had happened.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from wellchat.accounts import passwords
from wellchat.accounts.actions import insert_user
from wellchat.accounts.models import User
from wellchat.connections.actions import connect
from wellchat.db import db, transaction
from wellchat.demo.mails import send_mails
from wellchat.demo.models import DemoPerson
from wellchat.demo.queries import is_loaded
from wellchat.demo.removal import remove, shared_with
from wellchat.demo.replay import replay
from wellchat.demo.scene import Scene
from wellchat.demo.stories import STORIES
from wellchat.demo.story import Person, Subject, Talk
from wellchat.errors import Conflict
from wellchat.subjects.actions import claim, put_subject

PASSWORD = "coffee-at-ten"  # noqa: S105 - anybody may play these people
OnTalk = Callable[[], None]
Played = list[tuple[Talk, str]]  # each with the id of its thread


def load(*, now: datetime, on_talk: OnTalk = lambda: None) -> bool:
    """Load the demo as of `now`, completely or not at all. Return False if it was loaded already.

    `on_talk` is called after each conversation. Raises Conflict if an address of the demo has another
    account.
    """
    with transaction():
        if is_loaded():
            return False
        # All in one transaction: a story that fails leaves nothing behind.
        played = _play_stories(now, on_talk)
    # After the commit: a mail must not exist for a story that was rolled back.
    _send_mails(played)
    return True


def reset(*, now: datetime, on_talk: OnTalk = lambda: None) -> None:
    """Remove the demo with everything that depends on it, and load it again. Raises as `load` does."""
    with transaction():
        remove()
        played = _play_stories(now, on_talk)
    _send_mails(played)


def take_away(*, force: bool = False) -> int:
    """Remove the demo with everything that depends on it. Return how many people it had.

    Raises Conflict if that would delete something of a real person too, unless `force`.
    """
    with transaction():
        if (theirs := shared_with()) and not force:
            some = ", ".join(theirs[:3]) + (", ..." if theirs[3:] else "")
            raise Conflict(
                f"{len(theirs)} who are not of the demo have something with its people that would go too, "
                "such as a "
                f"conversation: {some}. Nothing was done; --force takes it all."
            )
        return remove()


def _play_stories(now: datetime, on_talk: OnTalk) -> list[tuple[Scene, Played]]:
    # Once for all people: hashing is slow on purpose.
    password_hash = passwords.hash_password(PASSWORD)
    scenes = [Scene(story, now) for story in STORIES]
    return [(scene, _play(scene, password_hash, on_talk)) for scene in scenes]


def _play(scene: Scene, password_hash: str, on_talk: OnTalk) -> Played:
    story, played = scene.story, []
    for person in story.people:
        scene.users[person.key] = _cast(person, scene, password_hash)
    for client, professional in story.connections():
        pair = {"client_id": scene.users[client].id, "professional_id": scene.users[professional].id}
        connect(**pair, now=scene.met(client, professional) - timedelta(hours=1))
    for subject in story.subjects:
        _put(subject, scene)
    for talk in story.talks:
        played.append((talk, replay(talk, scene)))
        on_talk()
    return played


def _cast(person: Person, scene: Scene, password_hash: str) -> User:
    joined = scene.joined(person.key)
    user = insert_user(
        email=person.email,
        name=person.name,
        role=person.role,
        role_label=person.word,
        bio=person.bio,
        password_hash=password_hash,
        time_zone=person.time_zone,
        verified_at=joined,
        created_at=joined,
    )
    if user is None:
        raise Conflict(f"The demo cannot be loaded: {person.email} has an account that is not of the demo.")
    db.session.add(DemoPerson(user_id=user.id, story=scene.story.key, person=person.key))
    return user


def _put(subject: Subject, scene: Scene) -> None:
    """Put a subject as its host platform would. A lead is open first, then claimed, then perhaps done."""
    professional, at = scene.users[subject.professional], scene.came_up(subject.key)
    is_claimed = subject.kind == "lead" and subject.status != "open"
    for status in ("open", subject.status) if is_claimed else (subject.status,):
        put = put_subject(
            kind=subject.kind,
            external_id=subject.external_id,
            title=subject.title,
            professional_id=professional.id,
            client_id=scene.users[subject.client].id if subject.client else None,
            url=subject.url,
            starts_at=scene.starts.get(subject.key),
            status=status,
            notify=False,
            now=at,
        )
        if is_claimed and status == "open":
            claim(viewer=professional, subject_id=put.id, now=at + timedelta(minutes=40), notify=False)


def _send_mails(played: list[tuple[Scene, Played]]) -> None:
    for scene, threads in played:
        send_mails(scene, threads)
