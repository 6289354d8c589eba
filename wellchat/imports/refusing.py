"""What is said of a line that is not taken. The report holds it in English, for whoever made the file."""

from __future__ import annotations


class Refused(Exception):
    """A line that is not taken. The text says why."""
