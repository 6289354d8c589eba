"""Bad connection, no connection: the service worker, what it keeps on a device, and the installed application."""

from wellchat.feature import Feature
from wellchat.offline.pages import colours, pages

feature = Feature("offline", blueprints=(pages,), context=colours)
