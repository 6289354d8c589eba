"""Connections: which client and which professional may write to each other."""

from wellchat.connections.avatars import pages
from wellchat.connections.cli import connect
from wellchat.feature import Feature

feature = Feature("connections", blueprints=(pages,), commands=(connect,))
