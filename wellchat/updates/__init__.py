"""Updates: the response to a poll."""

from wellchat.feature import Feature
from wellchat.longpoll import middleware
from wellchat.updates import metrics
from wellchat.updates.api import api
from wellchat.updates.schemas import describe

feature = Feature(
    "updates",
    blueprints=(api,),
    metrics=(metrics.measure,),
    openapi=describe,
    setup=middleware.init_app,
)
