"""Reminders are mailed by a real mail server."""

__all__ = ["world"]
