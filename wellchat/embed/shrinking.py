"""Make a script of a host's page smaller than rjsmin does, which takes out comments and blanks alone."""

from __future__ import annotations

import re
from itertools import product
from string import ascii_letters

from rjsmin import jsmin

# A text over several lines is a style sheet; rjsmin leaves it as it is.
SHEET = re.compile(r"`\n[^`]*`")
NUMBER = re.compile(r"^const ([A-Z_]+) = ([\d_]+);.*\n", re.MULTILINE)
PRIVATE = re.compile(r"^  (?:async |get )?(#\w+)(?= =|\()", re.MULTILINE)


def small(text: str) -> str:
    """Return a script that does the same in fewer bytes.

    It is written as the house writes them: a semicolon ends each statement, and none is empty.
    """
    numbers = dict(NUMBER.findall(text))
    text = NUMBER.sub("", text)
    # A colour such as #fff is not declared.
    short = zip(sorted(set(PRIVATE.findall(text))), map("".join, product("#", ascii_letters)), strict=False)
    words = {name: value.replace("_", "") for name, value in numbers.items()} | dict(short)
    if words:
        known = "|".join(sorted(words, key=len, reverse=True))
        text = re.sub(rf"(?<![\w\"])(?:{known})(?!\w)", lambda found: words[found[0]], text)
    text = str(jsmin(text)).replace("}\n", "}").replace(";}", "}")
    return SHEET.sub(_without_blanks, text)


def _without_blanks(sheet: re.Match[str]) -> str:
    return re.sub(r"\s*([{};,])\s*|(?<=:)\s+", r"\1", sheet[0]).replace(";}", "}")
