"""Appointments in people's own calendars: invitations in mails, and a feed with a secret address."""

from wellchat.calendars import models
from wellchat.calendars.personal_data import personal_data
from wellchat.feature import Feature

__all__ = ["feature", "models"]

feature = Feature("calendars", optional=True, on_by_default=False, personal_data=personal_data)
