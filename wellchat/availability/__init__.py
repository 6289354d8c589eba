"""What professionals offer, and when they are free: services, weekly hours, days that differ, prices."""

from wellchat.availability import cli, models
from wellchat.availability.personal_data import personal_data
from wellchat.feature import Feature

__all__ = ["feature", "models"]

feature = Feature(
    "availability",
    optional=True,
    on_by_default=False,
    personal_data=personal_data,
    commands=(cli.service, cli.starts),
)
