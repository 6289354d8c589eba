"""Offline: the service worker, its cache on the device, and the installed application."""

from wellchat.feature import Feature
from wellchat.offline.pages import colours, pages

feature = Feature("offline", blueprints=(pages,), context=colours)
