"""Killed at every step of a run: no message is in two mails, and none is forgotten."""

from __future__ import annotations

import os
import signal
from datetime import timedelta

import pytest

from tests.mail.kills import STEPS as ALL_STEPS
from tests.mail.kills import Killing
from tests.mail.world import DELAY, NOON, World
from wellchat.db import db
from wellchat.digests import runs as digests
from wellchat.mail import actions, transport

DUE = NOON + DELAY

STEPS = {
    "prepared": (digests, "claim"),
    "counted": (actions, "create_claimed"),
    "written": (actions, "send_claimed"),
    "claimed": (actions, "_attempt"),
    "made": (transport.SmtpConnection, "send"),
    "sent": (actions, "_settle"),
}


@pytest.mark.slow
@pytest.mark.each_database
@pytest.mark.parametrize("step", STEPS)
def test_a_run_killed_at_any_step_mails_nobody_twice_and_forgets_nobody(world: World, step: str) -> None:
    world.say(world.client, "Hello")
    db.session.remove()
    db.engine.dispose()
    if (child := os.fork()) == 0:
        owner, name = STEPS[step]
        setattr(owner, name, lambda *_a, **_k: os.kill(os.getpid(), signal.SIGKILL))
        digests.sweep(DUE)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    for minutes in range(0, 120, 5):
        digests.sweep(DUE + timedelta(minutes=minutes))
        actions.sweep(DUE + timedelta(minutes=minutes))
    gone_out, states = len(world.server.messages), world.states()
    if step in ("prepared", "counted"):
        assert (gone_out, states) == (1, ["sent"])
    else:
        assert states == ["unknown"], "shown to the operator, never sent again by itself"
        assert gone_out == (1 if step == "sent" else 0)


@pytest.mark.slow
@pytest.mark.each_database
def test_many_kills_at_random_steps_mail_nobody_twice_and_forget_nobody(world: World) -> None:
    """A short run of `python -m tests.mail.kills`, which makes hundreds."""
    tally = Killing(world, seed=int(os.environ.get("KILLS_SEED", "2026"))).run(30)
    assert tally.is_clean, tally
    assert len(tally.kills) >= len(ALL_STEPS) - 2
    assert 0 < tally.unknown <= sum(tally.kills[step] for step in ("written", "claimed", "made", "sent"))
