"""Who somebody is: regular or new, private notes and tags on clients, and the journey of two people."""

from wellchat.clientele import facts
from wellchat.clientele.personal_data import personal_data
from wellchat.feature import Feature
from wellchat.messaging.hooks import thread_facts
from wellchat.subjects.hooks import subject_hidden_in_transaction, subject_put_in_transaction

feature = Feature(
    "clientele",
    optional=True,
    personal_data=personal_data,
    sweeps=(facts.sweep,),
    handlers=(
        (thread_facts, facts.thread_facts),
        (subject_put_in_transaction, facts.count_bookings),
        (subject_hidden_in_transaction, facts.count_without),
    ),
)
