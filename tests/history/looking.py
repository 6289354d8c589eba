"""What was answered and seen on the way, by whichever device: never what was not so at that time."""

from __future__ import annotations

from collections import defaultdict

from tests.history.findings import FOREVER
from tests.history.knowing import Known
from tests.history.recording import Call

# What an answer may be when nothing is broken. Under faults 503, and no answer at all, may take its place.
EXPECTED = {
    "open": {200, 201},
    "send": {200, 201},
    "edit": {200, 422},  # 422: it was deleted, or is too old
    "delete": {200},
    "mark": {200, 422},  # 422: it was deleted
    "mark unread": {200, 422},  # 422: there is nothing of the other's from there on
    "read": {200},
    "me": {200},
    "threads": {200},
    "messages": {200},
    "notifications": {200},
    "poll": {200, 204, 410},
    "stray poll": {410, 422},  # with a cursor that is not one's own
}


def answers(known: Known, *, faults: bool, may_expire: bool) -> None:
    """Every answer is one that the contract names; nothing is refused that should be taken."""
    for call in known.history.calls:
        if call.status in EXPECTED[call.op] or call.status == 429:
            if call.status == 410 and call.op == "poll" and not may_expire:
                known.blame("resync", f"a cursor of its own was refused: {call.answer.get('reason')}", call)
        elif not (faults and call.result == "info"):
            known.blame("answer", f"{call.status} {str(call.answer)[:200]}", call)


def growing(known: Known) -> None:
    """Numbers, watermarks and tombstones only grow, in the order of real time, for everybody who looks."""
    for name, events in known.events.items():
        settled = sorted(events, key=lambda e: e.ended)
        floor, at = -FOREVER, 0
        by: Call | None = None
        for event in sorted(events, key=lambda e: e.begun):
            while at < len(settled) and settled[at].ended < event.begun:
                if settled[at].value > floor:
                    floor, by = settled[at].value, settled[at].call
                at += 1
            if by is not None and (event.value <= floor if event.is_new else event.value < floor):
                kind = "order" if event.is_new else "stale"
                known.blame(kind, f"{name}: {event.value} although {floor} was known", by, event.call)


def marks(known: Known) -> None:
    """A watermark is never seen where its owner had not put it by then.

    By reading up to there, or by writing.
    """
    put: dict[tuple[str, str], dict[float, float]] = defaultdict(dict)
    for call in known.history.of("read"):
        places = put[call.about["thread"], call.user]
        places[call.about["seq"]] = min(call.begun, places.get(call.about["seq"], FOREVER))
    for (thread, sender, key), tries in known.sends.items():
        acked = next((c.answer["message"] for c in tries if c.is_ok), None) or known.stored(
            thread, sender, key
        )
        if acked:
            places = put[thread, sender]
            places[acked["seq"]] = min(*(c.begun for c in tries), places.get(acked["seq"], FOREVER))
    for name, events in known.events.items():
        if isinstance(name, tuple) and name[0] == "last_read_seq":
            places = put[name[1], name[2]]
            for event in events:
                if event.value and places.get(event.value, FOREVER) > event.ended:
                    known.blame(
                        "watermark", f"{name[2]} at {event.value} in {name[1]}, never put there", event.call
                    )


def texts(known: Known) -> None:
    """No look shows a text nobody wrote, one not written yet, or one that was replaced; none goes back."""
    for place, looks in known.seen.items():
        writes = {w.body: w for w in known.writes.get(place, [])}
        history: dict[str, list[str]] = defaultdict(list)
        for call, body in looks:
            if body not in writes:
                known.blame("phantom text", f"nobody wrote {body!r}, seen at {place}", call)
            elif writes[body].begun > call.ended:
                known.blame("text before its time", f"{body!r} seen at {place}", call)
            before = history[call.device]
            if body in before[:-1] and before[-1] != body:
                known.blame("went back", f"{place}: {before[-1]!r}, then {body!r} again", call)
            if not before or before[-1] != body:
                before.append(body)
            known.overwritten(place, body, call.begun, call)
