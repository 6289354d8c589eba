"""Bookings: a time that both can keep, from a hold of ten minutes to its end."""

from wellchat.availability.hooks import taken_between
from wellchat.booking import models, taken
from wellchat.booking.personal_data import personal_data
from wellchat.feature import Feature

__all__ = ["feature", "models"]

feature = Feature(
    "booking",
    optional=True,
    on_by_default=False,
    personal_data=personal_data,
    handlers=((taken_between, taken.taken_between),),
)
