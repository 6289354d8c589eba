"""Bookings and sessions: told when they are made, moved or cancelled, and again before they begin."""

from flask import Flask

from wellchat.appointments.actions import plan
from wellchat.appointments.render import content
from wellchat.mail.compose import CONTEXTS
from wellchat.subjects.actions import ON_PUT


def init_app(app: Flask) -> None:
    CONTEXTS["appointment"] = content
    if plan not in ON_PUT:
        ON_PUT.append(plan)
