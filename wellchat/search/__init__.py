"""Finding messages, threads and people again."""

from wellchat.feature import Feature
from wellchat.search import actions
from wellchat.search.api import api
from wellchat.search.cli import search
from wellchat.search.pages import pages

feature = Feature(
    "search", blueprints=(api, pages), commands=(search,), styles=("search",), sweeps=(actions.sweep,)
)
