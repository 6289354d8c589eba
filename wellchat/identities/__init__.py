"""Identities: by which ids other systems know a person. An email address never identifies anybody."""

from wellchat.accounts.hooks import account_by_external_id
from wellchat.feature import Feature
from wellchat.identities import actions
from wellchat.identities.personal_data import personal_data
from wellchat.identities.queries import person_of_host

feature = Feature(
    "identities",
    personal_data=personal_data,
    tidies=(actions.tidy,),
    handlers=((account_by_external_id, person_of_host),),
)
