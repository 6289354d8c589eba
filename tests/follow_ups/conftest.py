"""Reminders are mailed by a real mail server."""

from tests.mail.conftest import world

__all__ = ["world"]
