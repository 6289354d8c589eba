"""Filters of the inbox that a person keeps under a name."""

from wellchat.feature import Feature
from wellchat.messaging.hooks import inbox_facts
from wellchat.saved_filters.actions import has_filters, sample_things
from wellchat.saved_filters.pages import pages, saved_context
from wellchat.saved_filters.personal_data import personal_data

feature = Feature(
    "saved_filters",
    blueprints=(pages,),
    slots={"inbox_filters": "saved_filters/_chips.html"},
    handlers=((inbox_facts, has_filters),),
    context=lambda: {"saved_filters": saved_context},
    personal_data=personal_data,
    samples=sample_things,
    optional=True,
)
