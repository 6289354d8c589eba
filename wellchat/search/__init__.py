"""Search: find messages, threads and people."""

from wellchat.feature import Feature
from wellchat.search import actions
from wellchat.search.api import api
from wellchat.search.cli import search
from wellchat.search.pages import pages
from wellchat.search.personal_data import personal_data
from wellchat.search.schemas import describe_others

feature = Feature(
    "search",
    personal_data=personal_data,
    blueprints=(api, pages),
    commands=(search,),
    styles=("search",),
    sweeps=(actions.sweep,),
    openapi=describe_others,
)
