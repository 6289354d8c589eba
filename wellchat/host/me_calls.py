"""The call of the host API about the key itself."""

from __future__ import annotations

import wellchat
from wellchat.clock import iso
from wellchat.db import db
from wellchat.host import answer_shapes as shapes
from wellchat.host.calls import BUDGET, MAX_OPERATIONS, Answer, Caller, host_call
from wellchat.host.models import HostKey


@host_call("GET", "/me", scope=None, answers={200: ("The key", shapes.Me)})
def get_me(caller: Caller) -> Answer:
    """Read what this key is and may do, the server's time and version, and the limits."""
    key = db.session.get_one(HostKey, caller.key_id)
    a_second, a_minute = (item.amount for item in BUDGET.items)
    limits = {"per_minute": a_minute, "per_second": a_second, "batch": MAX_OPERATIONS}
    answer = {"name": key.name, "scopes": list(caller.scopes), "ends_at": iso(key.ends_at)}
    return Answer(200, {**answer, "time": iso(caller.now), "version": wellchat.__version__, "limits": limits})
