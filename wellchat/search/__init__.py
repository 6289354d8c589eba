"""Search: find messages, threads and people."""

from wellchat.feature import Feature
from wellchat.i18n import N_
from wellchat.places import SearchSource
from wellchat.search import actions
from wellchat.search.api import api
from wellchat.search.bookings import find_bookings
from wellchat.search.cli import search
from wellchat.search.pages import pages
from wellchat.search.personal_data import personal_data

feature = Feature(
    "search",
    personal_data=personal_data,
    blueprints=(api, pages),
    commands=(search,),
    styles=("search",),
    sweeps=(actions.sweep,),
    search_sources=(SearchSource(N_("Bookings and sessions"), find_bookings),),
)
