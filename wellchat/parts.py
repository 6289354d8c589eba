"""Fork the parts of `wellchat up` from its own process.

Each would import wellchat anew: a second and a half of processor time, and 100 MB that they now share.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import runpy
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Mapping
from typing import Any, BinaryIO

from wellchat.embedded import end_with_parent

PR_SET_NAME = 15


class ForkedPart:
    """`python -m MODULE ...` as a process that has all of it imported. It has what honcho uses of `Popen`.

    Make it while this process has no other threads: a lock that one of them holds stays held in a fork.
    """

    def __init__(self, command: list[str], *, env: Mapping[str, str], cwd: str | None = None) -> None:
        out, its_out = os.pipe()
        ready, is_ready = os.pipe()
        self.returncode: int | None = None
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _become(command, env, its_out, is_ready)
        os.close(its_out)
        os.close(is_ready)
        # Until it leads a group of its own and takes signals itself, whoever stops it would not reach it.
        os.read(ready, 1)
        os.close(ready)
        self.stdout: BinaryIO = os.fdopen(out, "rb")

    def wait(self) -> int:
        """Return the exit status, negative for a signal."""
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.returncode


def _become(command: list[str], env: Mapping[str, str], out: int, is_ready: int) -> None:
    """Run the command in this process and end it as Python would. Never returns."""
    status = 1
    try:
        os.setsid()
        end_with_parent()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.write(is_ready, b".")
        for number in (1, 2):
            os.dup2(out, number)
        # Not what `up` holds: its lock would outlive it.
        os.closerange(3, 1024)
        _, _, module, *arguments = command
        # `ps -o comm` shows this name; the command line is that of the process all are forked from.
        ctypes.CDLL(None).prctl(PR_SET_NAME, arguments[0].encode())
        os.environ.clear()
        os.environ.update(env)
        for option in filter(None, env.get("PYTHONWARNINGS", "").split(",")):
            warnings._setoption(option)  # type: ignore[attr-defined]
        sys.argv[1:] = arguments
        status = _run(module)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _run(module: str) -> int:
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        status: Any = 0
    except SystemExit as end:
        status = end.code or 0
        if not isinstance(status, int):
            print(status, file=sys.stderr)  # noqa: T201
            status = 1
    # As the interpreter does at its end.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    return int(status)
