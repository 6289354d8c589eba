"""`python -m tests.faults --seed N --faults 100 [--database sqlite|postgresql|both]`: see docs/testing.md."""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

for name in [name for name in os.environ if name.startswith("WELLCHAT_")]:
    del os.environ[name]  # a run has no settings but its own

from tests.faults.running import Outcome, run, table  # noqa: E402
from tests.history.findings import spell_out  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults", description="Break everything; see what holds."
    )
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--faults", type=int, default=100, help="how many, over all databases")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument(
        "--longest", type=float, default=3.0, help="seconds that a fault usually lasts at most"
    )
    evidence = Path(tempfile.gettempdir()) / "wellchat-faults"
    parser.add_argument("--evidence", type=Path, default=evidence, help="where a bad run leaves its logs")
    given = parser.parse_args()
    databases = ["sqlite", "postgresql"] if given.database == "both" else [given.database]
    again = f"--seed {given.seed} --faults {given.faults} --database {given.database}"
    print(f"seed {given.seed}; the same again: make faults ARGS='{again}'", flush=True)
    began, outcomes = time.monotonic(), []
    for database in databases:
        outcomes.append(
            run(
                database,
                seed=given.seed,
                faults=given.faults // len(databases),
                longest=given.longest,
                evidence=given.evidence,
                tell=lambda words: print(f"{time.monotonic() - began:6.1f}  {words}", flush=True),
            )
        )
        report(outcomes[-1])
    total, good = sum(len(o.struck) for o in outcomes), all(o.is_good for o in outcomes)
    print(f"\nseed {given.seed}: {total} faults, {'nothing was broken' if good else 'SOMETHING WAS BROKEN'}")
    return 0 if good else 1


def report(outcome: Outcome) -> None:
    print("", *table(outcome), sep="\n")
    calls, sent = len(outcome.history.calls), sum(c.op == "send" and c.is_ok for c in outcome.history.calls)
    print(f"{calls} calls, {sent} messages acknowledged; {len(outcome.violations)} violations")
    print(f"mails: {dict(outcome.mails)}; in two mails: {outcome.mailed_twice or 'none'}")
    most = f", for {max(outcome.behind):.2f} s at most" if outcome.behind else ""
    print(f"polls that said nothing new though there was, while Redis was away: {len(outcome.behind)}{most}")
    print(f"left over after the last fault: {outcome.left_over or 'nothing'}")
    for each in outcome.late:
        print(f"too late again after {each.fault.name}: {each.first_success}")
    for name, count in outcome.fallen.items():
        print(f"{name} ended by itself {count} times and was started again")
    for words in [*outcome.left_out, *spell_out(outcome.violations)]:
        print(words)
    if not outcome.is_good:
        print("logs and history are kept; see --evidence")


if __name__ == "__main__":
    sys.exit(main())
