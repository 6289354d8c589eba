"""Who may talk to whom."""

from wellchat.connections.cli import connect
from wellchat.connections.avatars import pages
from wellchat.feature import Feature

feature = Feature("connections", blueprints=(pages,), commands=(connect,))
