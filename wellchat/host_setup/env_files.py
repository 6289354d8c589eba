"""Put lines into a file of environment variables, and keep what else stands in it."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

NAME = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)=")


def put_lines(file: Path, values: Mapping[str, str]) -> None:
    """Set these variables in the file, for its owner alone, whole or not at all. Raises OSError."""
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    kept = [line for line in lines if not ((found := NAME.match(line)) and found[1] in values)]
    text = "\n".join([*kept, *line_by_line(values)]) + "\n"
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    # 0600: they hold keys.
    with os.fdopen(
        os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as out:
        out.write(text)
    temporary.replace(file)


def join_lines(file: Path, values: Mapping[str, str]) -> None:
    """Add to lists that stand in the file, such as `a,b`, what is new in these. Raises OSError."""
    text = file.read_text("utf-8") if file.exists() else ""
    standing = dict(word.split("=", 1) for word in shlex.split(text, comments=True) if "=" in word)
    joined = {}
    for name, value in values.items():
        both = [*standing.get(name, "").split(","), *value.split(",")]
        joined[name] = ",".join(dict.fromkeys(filter(None, both)))
    put_lines(file, joined)


def line_by_line(values: Mapping[str, str]) -> list[str]:
    """Return NAME=value for each, as a shell reads it."""
    return [f"{name}={shlex.quote(value)}" for name, value in values.items()]
