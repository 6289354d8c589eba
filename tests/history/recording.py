"""What happened, as the callers saw it: every call with the moment it was made and the moment it came back.

A call that was answered 2xx happened (`ok`); one that was refused did not (`fail`); one that timed out, was
cut off or was answered 503 may have happened or not (`info`). Nothing else is known of the server.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

State = dict[str, Any]
Result = Literal["ok", "fail", "info"]


@dataclass
class Request:
    """One call to make: `op` is its kind, `about` is what the checker needs to know of it."""

    op: str
    method: str
    path: str
    query: State = field(default_factory=dict)
    body: State | None = None
    about: State = field(default_factory=dict)


@dataclass
class Call:
    """One call that was made. `status` is None where no answer came; times are seconds of one clock."""

    device: str
    user: str
    op: str
    about: State
    begun: float
    ended: float
    status: int | None
    answer: State
    pause: float = 0.0  # seconds to wait before the next try, as the answer asked for

    @property
    def result(self) -> Result:
        if self.status is None or self.status == 503:
            return "info"
        return "ok" if self.status < 300 else "fail"

    @property
    def is_ok(self) -> bool:
        return self.result == "ok"

    def __str__(self) -> str:
        told = {k: v for k, v in self.about.items() if k != "members"}
        return f"{self.begun:.4f}..{self.ended:.4f} {self.device} {self.op} {told} -> {self.status}"


@dataclass
class Fresh:
    """What a new client reads when everything is quiet: the truth that every device must have arrived at."""

    threads: dict[str, State] = field(default_factory=dict)
    messages: dict[str, list[State]] = field(default_factory=dict)
    notifications: dict[str, State] = field(default_factory=dict)
    unread: State = field(default_factory=dict)


@dataclass
class History:
    # in the order in which they came back, per device at least
    calls: list[Call] = field(default_factory=list)
    fresh: dict[str, Fresh] = field(default_factory=dict)  # by user

    def of(self, *ops: str) -> Iterator[Call]:
        return (call for call in self.calls if call.op in ops)

    def by_device(self) -> dict[str, list[Call]]:
        devices: dict[str, list[Call]] = {}
        for call in self.calls:
            devices.setdefault(call.device, []).append(call)
        return devices

    def save(self, path: Path) -> None:
        """One JSON object per line: the calls, then what each user read in the end."""
        lines = [json.dumps(asdict(call)) for call in self.calls]
        lines += [json.dumps({"fresh": user, **asdict(found)}) for user, found in self.fresh.items()]
        path.write_text("\n".join(lines) + "\n")

    @classmethod
    def load(cls, lines: Iterable[str]) -> History:
        history = cls()
        for line in lines:
            row = json.loads(line)
            if user := row.pop("fresh", None):
                history.fresh[user] = Fresh(**row)
            else:
                history.calls.append(Call(**row))
        return history
