"""Updates: what a poll is answered with."""

from wellchat.feature import Feature
from wellchat.updates import gate
from wellchat.updates.api import api

feature = Feature("updates", blueprints=(api,), setup=gate.init_app)
