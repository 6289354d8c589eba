"""Identities: by which ids other systems know a person. An email address never identifies anybody."""

from wellchat.feature import Feature
from wellchat.identities import actions
from wellchat.identities.personal_data import personal_data

feature = Feature("identities", personal_data=personal_data, tidies=(actions.tidy,))
