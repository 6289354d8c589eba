"""The notification centre, and each person's preferences: about what, how and when they are notified."""

from wellchat.feature import Feature
from wellchat.notifications.api import api
from wellchat.notifications.pages import pages

feature = Feature("notifications", blueprints=(api, pages))
