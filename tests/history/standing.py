"""What stands in the end: as it was acknowledged, as it was asked for, and the same for everybody."""

from __future__ import annotations

from collections import defaultdict

from tests.history.findings import FOREVER, MAX_SHOWN
from tests.history.folding import read_up_to, unread
from tests.history.knowing import Known
from tests.history.recording import Call, Fresh, State


def opening(known: Known) -> None:
    """One thread per pair, made once, whoever opens it and how often."""
    by_pair: dict[tuple[str, ...], list[Call]] = defaultdict(list)
    for call in known.history.of("open"):
        if call.is_ok:
            by_pair[tuple(sorted(call.about["members"]))].append(call)
    for pair, calls in by_pair.items():
        if len({c.answer["thread"]["id"] for c in calls}) > 1:
            known.blame("two threads", f"{pair} have more than one", *calls[:MAX_SHOWN])
        if sum(c.status == 201 for c in calls) > 1:
            known.blame("two threads", f"that of {pair} was made more than once", *calls[:MAX_SHOWN])


def sending(known: Known) -> None:
    """Each key stands once where it was acknowledged, never where it was refused.

    Numbers are 1..n, in one view.
    """
    for thread, members in known.members.items():
        views = [known.history.fresh[m].messages.get(thread, []) for m in members if m in known.history.fresh]
        numbers = [[m["seq"] for m in view] for view in views]
        for view in numbers:
            if view != list(range(1, len(view) + 1)):
                known.blame("gap", f"{thread} is numbered {view}")
        shown = [[{k: v for k, v in m.items() if k != "client_key"} for m in view] for view in views]
        if shown and any(view != shown[0] for view in shown):
            known.blame("two truths", f"{members} do not see the same in {thread}")
    for user, fresh in known.history.fresh.items():
        for thread, messages in fresh.messages.items():
            own_messages(known, user, thread, [m for m in messages if m["sender_id"] == user])
            for message in messages:
                if message["sender_id"] not in known.members.get(thread, ()):
                    known.blame("phantom", f"{message['sender_id']} is no member of {thread}")


def own_messages(known: Known, user: str, thread: str, messages: list[State]) -> None:
    """What one person has in one thread, against what their devices sent."""
    places: dict[str, list[int]] = defaultdict(list)
    for message in messages:
        places[message["client_key"]].append(message["seq"])
    for key in places.keys() - {k for t, u, k in known.sends if (t, u) == (thread, user)}:
        known.blame("phantom", f"{user} never sent {key} to {thread}, yet it stands at {places[key]}")
    for (t, u, key), tries in known.sends.items():
        if (t, u) != (thread, user):
            continue
        acks = [c for c in tries if c.is_ok]
        told = {c.answer["message"]["seq"] for c in acks}
        stands = places.get(key, [])
        if len(told) > 1:
            known.blame("two numbers", f"{key} was acknowledged as {sorted(told)}", *acks[:MAX_SHOWN])
        if acks and not stands:
            known.blame(
                "lost", f"{key} was acknowledged as {sorted(told)} and is not there", *acks[:MAX_SHOWN]
            )
        if len(stands) > 1:
            known.blame("duplicate", f"{key} stands at {stands}", *tries[:MAX_SHOWN])
        elif stands and acks and told != set(stands):
            known.blame("renumbered", f"{key}, acknowledged as {sorted(told)}, stands at {stands}", *acks[:1])
        if stands and all(c.result == "fail" for c in tries):
            known.blame("refused and kept", f"{key} stands at {stands}", *tries[:MAX_SHOWN])


def contents(known: Known) -> None:
    """Check that the final state was asked for: each text was sent, each deletion and change was made."""
    for user, fresh in known.history.fresh.items():
        for thread, messages in fresh.messages.items():
            for m in messages:
                content(known, user, (thread, m["seq"]), m)


def content(known: Known, user: str, place: tuple[str, int], message: State) -> None:
    deletes = known.deletes.get(place, [])
    if message["deleted"] and not deletes:
        known.blame("phantom delete", f"nobody deleted {place}, {user} sees it deleted")
    if not message["deleted"]:
        if acked := [c for c in deletes if c.is_ok]:
            known.blame("undeleted", f"{place} was deleted, {user} sees {message['body']!r}", *acked[:1])
        if message["body"] not in {w.body for w in known.writes.get(place, [])}:
            known.blame("phantom text", f"nobody wrote {message['body']!r}, {user} sees it at {place}")
        known.overwritten(place, message["body"], FOREVER, None)


def watermarks(known: Known) -> None:
    """A watermark stands where somebody put it, and unread is what the definition says."""
    for user, fresh in known.history.fresh.items():
        for thread_id, thread in fresh.threads.items():
            messages = fresh.messages[thread_id]
            watermark(known, user, thread, messages)
            expected = unread([m for m in messages if m["seq"] > read_up_to(thread)], user)
            if thread["unread"] != expected:
                known.blame("unread", f"{user} is told {thread['unread']} in {thread_id}, it is {expected}")
        total = sum(thread["unread"] for thread in fresh.threads.values())
        if fresh.unread["messages"] != total:
            known.blame("unread", f"{user} is told {fresh.unread['messages']} in all, it is {total}")
        rung = sum(not n["read"] for n in fresh.notifications.values())
        if fresh.unread["notifications"] != rung:
            known.blame("unread", f"{user} is told {fresh.unread['notifications']} in the bell, it is {rung}")
        bell(known, user, fresh)


def watermark(known: Known, user: str, thread: State, messages: list[State]) -> None:
    reads = [c for c in known.history.of("read") if (c.user, c.about["thread"]) == (user, thread["id"])]
    legal = {0, *(c.about["seq"] for c in reads if c.result != "fail")}
    for message in messages:  # writing below everything one has read moves the watermark along
        if message["sender_id"] == user and message["seq"] - 1 in legal:
            legal.add(message["seq"])
    mark = thread["last_read_seq"]
    least = max((c.about["seq"] for c in reads if c.is_ok), default=0)
    if mark not in legal or mark < least or mark > thread["last_seq"]:
        known.blame("watermark", f"{user} stands at {mark} in {thread['id']}; acknowledged was {least}")
    for member in known.members.get(thread["id"], ()):
        view = (
            known.history.fresh[member].threads.get(thread["id"]) if member in known.history.fresh else None
        )
        if member != user and view and view["other_read_seq"] != mark:
            known.blame(
                "watermark", f"{member} sees {user} at {view['other_read_seq']}, who stands at {mark}"
            )


def bell(known: Known, user: str, fresh: Fresh) -> None:
    """One unread record per thread, which counts each message of the other at most once."""
    rung: dict[str, list[State]] = defaultdict(list)
    for record in fresh.notifications.values():
        if record["thread_id"] and not record["read"]:
            rung[record["thread_id"]].append(record)
    for thread_id, records in rung.items():
        from_other = sum(m["sender_id"] != user for m in fresh.messages.get(thread_id, []))
        if len(records) > 1 or records[0]["count"] > from_other:
            counts = [record["count"] for record in records]
            known.blame("bell", f"{user} has {counts} in {thread_id} for {from_other} messages")
