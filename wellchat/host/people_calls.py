"""The calls of the host API about people."""

from __future__ import annotations

from urllib.parse import urlencode

from wellchat.accounts import actions as accounts
from wellchat.accounts import links
from wellchat.accounts.models import User
from wellchat.accounts.personal_data import erase_person
from wellchat.accounts.pictures import MAX_BYTES
from wellchat.audit.actions import record
from wellchat.clock import iso
from wellchat.config import setting
from wellchat.db import db, new_id
from wellchat.host import answer_shapes as shapes
from wellchat.host.calls import Answer, Caller, host_call
from wellchat.host.counts import counts_of
from wellchat.host.forms import (
    CountsQuery,
    ErasePerson,
    ListPeople,
    MergePerson,
    PutPerson,
    RenamePerson,
    SignInLink,
    Why,
)
from wellchat.host.merge import merge_people
from wellchat.host.people import put_person
from wellchat.host.problems import HostRefusal
from wellchat.host.reading import list_people, people_json, person_json
from wellchat.host.refs import OURS, person
from wellchat.i18n import gettext
from wellchat.identities.actions import rename
from wellchat.identities.models import HOST
from wellchat.identities.queries import external_ids
from wellchat.privacy.erasure import request_erasure
from wellchat.reasons import checked_reason
from wellchat.safety import people as measures

READ, WRITE = "people:read", "people:write"


@host_call(
    "PUT",
    "/users/<ext:ext>",
    scope=WRITE,
    body=PutPerson,
    answers={200: ("Changed, or the same as before", shapes.PutUser), 201: ("Made", shapes.PutUser)},
)
def put_user(caller: Caller, ext: str, body: PutPerson) -> Answer:
    """Make or change a person. What the body leaves out is kept, `null` clears."""
    put = put_person(ext, body, now=caller.now)
    known = external_ids([put.user.id]).get(put.user.id) if ext.startswith(OURS) else ext
    user = person_json(put.user, known)
    if put.changed is None:
        return Answer(201, {"user": user, "changed": []}, new="user")
    stale = {"stale": True} if put.stale else {}
    return Answer(200, {"user": user, "changed": put.changed, **stale})


@host_call("GET", "/users/<ext:ext>", scope=READ, answers={200: ("The person", shapes.OneUser)})
def get_user(caller: Caller, ext: str) -> Answer:
    """Read one person."""
    (found,) = people_json([person(ext, now=caller.now)])
    return Answer(200, {"user": found})


@host_call("GET", "/users", scope=READ, query=ListPeople, answers={200: ("A page of people", shapes.Users)})
def get_users(caller: Caller, query: ListPeople) -> Answer:
    """List people in the order of our ids. Go on with `after` = `next` until it is null."""
    people, following = list_people(after=query.after, limit=query.limit, email=query.email)
    return Answer(200, {"users": people_json(people), "next": following})


@host_call(
    "PATCH",
    "/users/<ext:ext>",
    scope=WRITE,
    body=RenamePerson,
    answers={200: ("The person under the new id", shapes.PutUser)},
)
def rename_user(caller: Caller, ext: str, body: RenamePerson) -> Answer:
    """Give a person another id of yours. The old one answers 410 `moved` for 90 days."""
    found = person(ext, now=caller.now)
    changed = rename(user_id=found.id, source=HOST, external_id=body.external_id, now=caller.now)
    if changed:
        record("host_person.renamed", now=caller.now, person_id=found.id)
    names = ["external_id"] if changed else []
    return Answer(200, {"user": person_json(found, body.external_id), "changed": names})


@host_call(
    "PUT",
    "/users/<ext:ext>/picture",
    scope=WRITE,
    raw=True,
    room=lambda: MAX_BYTES + 1024,
    answers={204: ("Set", None)},
)
def put_picture(caller: Caller, ext: str, body: bytes) -> Answer:
    """Set a person's picture: the bytes of a PNG, JPEG or WebP file, at most 8 MB."""
    found = person(ext, now=caller.now)
    accounts.set_avatar(user_id=found.id, upload=body)
    record("host_person.changed", now=caller.now, person_id=found.id, detail={"changed": "picture"})
    return Answer(204)


@host_call("DELETE", "/users/<ext:ext>/picture", scope=WRITE, answers={204: ("Removed", None)})
def delete_picture(caller: Caller, ext: str) -> Answer:
    """Remove a person's picture."""
    found = person(ext, now=caller.now)
    accounts.remove_avatar(user_id=found.id)
    record("host_person.changed", now=caller.now, person_id=found.id, detail={"changed": "picture"})
    return Answer(204)


@host_call("POST", "/users/<ext:ext>/disable", scope=WRITE, body=Why, answers={204: ("Disabled", None)})
def disable_user(caller: Caller, ext: str, body: Why) -> Answer:
    """Disable an account. Every session, token and waiting poll ends at once."""
    found = person(ext, now=caller.now)
    measures.disable(by=None, user_id=found.id, reason=body.reason, now=caller.now)
    return Answer(204, people=(found.id,))


@host_call("POST", "/users/<ext:ext>/enable", scope=WRITE, body=Why, answers={204: ("Enabled", None)})
def enable_user(caller: Caller, ext: str, body: Why) -> Answer:
    """Enable an account again, with everything that it had."""
    found = person(ext, now=caller.now)
    measures.enable(by=None, user_id=found.id, reason=body.reason, now=caller.now)
    return Answer(204, people=(found.id,))


@host_call(
    "POST", "/users/<ext:ext>/sign-out", scope="sign_in", body=Why, answers={204: ("Signed out", None)}
)
def sign_out_user(caller: Caller, ext: str, body: Why) -> Answer:
    """End every session and token of a person."""
    found = person(ext, now=caller.now)
    measures.sign_out(by=None, user_id=found.id, reason=body.reason, now=caller.now)
    return Answer(204, people=(found.id,))


@host_call(
    "POST",
    "/users/<ext:ext>/erase",
    scope="people:erase",
    body=ErasePerson,
    answers={202: ("Asked for, or done", shapes.ErasureAnswer)},
)
def erase_user(caller: Caller, ext: str, body: ErasePerson) -> Answer:
    """Erase a person when the grace is over, or `now`. It cannot be undone then."""
    found, reason = person(ext, now=caller.now), checked_reason(body.reason)
    if body.now:
        erase_person(user_id=found.id, now=caller.now)
        return Answer(202, {"erasure": {"state": "done", "due_at": None}}, people=(found.id,))
    asked = request_erasure(user=found, now=caller.now, reason=reason)
    return Answer(202, {"erasure": {"state": asked.state, "due_at": iso(asked.due_at)}}, people=(found.id,))


@host_call(
    "POST",
    "/users/<ext:ext>/merge",
    scope="people:erase",
    body=MergePerson,
    answers={200: ("The person that is left", shapes.MergedUser)},
)
def merge_user(caller: Caller, ext: str, body: MergePerson) -> Answer:
    """Make one person of two that are the same. The old id answers 410 `moved` then. Not to be undone."""
    gone, into = person(ext, now=caller.now), person(body.into, now=caller.now, field="into")
    moved = merge_people(gone, into, now=caller.now)
    db.session.expire_all()
    left = db.session.get_one(User, into.id)
    shown = person_json(left, external_ids([left.id]).get(left.id))
    return Answer(200, {"user": shown, "threads": moved}, people=(left.id,))


@host_call(
    "POST",
    "/users/<ext:ext>/sign-in-links",
    scope="sign_in",
    body=SignInLink,
    answers={201: ("The link", shapes.Link)},
)
def make_sign_in_link(caller: Caller, ext: str, body: SignInLink) -> Answer:
    """Make a link that signs a person in, once, within 60 seconds. Lead them there; never mail it."""
    found = person(ext, now=caller.now)
    if not found.is_active:
        raise HostRefusal(409, "conflict", gettext("The account is disabled."))
    record("host_person.link_made", now=caller.now, person_id=found.id)
    path = links.path_for(found, links.SIGN_IN, caller.now, number=new_id())
    url = setting("BASE_URL") + path + "?" + urlencode({"next": body.to})
    ends = caller.now + links.SIGN_IN.lifetime
    return Answer(201, {"url": url, "expires_at": iso(ends)}, people=(found.id,))


@host_call("GET", "/counts", scope=READ, query=CountsQuery, answers={200: ("The counts", shapes.Counts)})
def get_counts(caller: Caller, query: CountsQuery) -> Answer:
    """Read how many messages and notifications a person has not read, at most two seconds ago."""
    return Answer(200, counts_of(person(query.user, now=caller.now).id, caller.now))
