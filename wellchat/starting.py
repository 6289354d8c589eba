"""Be ready for Ctrl-C before the imports of a command, which take a second, and say that `up` starts.

The package imports this before anything else. It does nothing where wellchat is imported by another program.
"""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import PurePath


def _is_command() -> bool:
    words = sys.orig_argv
    return words[1:3] == ["-m", "wellchat"] or PurePath(sys.argv[0]).name == "wellchat"


def end_quietly_on_interrupt() -> None:
    """Let Ctrl-C end the process as the kernel does: no traceback, and the status that shells expect."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if _is_command():
    end_quietly_on_interrupt()
    if sys.argv[1:2] == ["up"] and "--help" not in sys.argv:
        print("Starting ...", flush=True)  # noqa: T201 - before there is anything else to print with
