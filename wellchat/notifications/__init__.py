"""The notification centre, and what each person wants to be told, how and when."""

from wellchat.feature import Feature
from wellchat.notifications.api import api
from wellchat.notifications.pages import pages

feature = Feature("notifications", blueprints=(api, pages))
