"""Tell the host platform what happens: one numbered log, read by a feed and sent to webhooks.

Off by default: an event is one more row in the transaction of every act, also of every message. Off, it costs
nothing.
"""

from wellchat.accounts.hooks import profile_changed_in_transaction
from wellchat.changes.hooks import database_restored_in_transaction
from wellchat.event_types import EventType, tell_host
from wellchat.events import recording, retention
from wellchat.events.models import PING
from wellchat.events.numbering import number, renew_epoch
from wellchat.feature import Feature
from wellchat.safety.hooks import connection_ended_in_transaction, connection_reopened_in_transaction

feature = Feature(
    "events",
    optional=True,
    on_by_default=False,
    events={PING: EventType("Somebody tries a webhook.", ("webhook",))},
    handlers=(
        (tell_host, recording.write_event),
        (database_restored_in_transaction, renew_epoch),
        (profile_changed_in_transaction, recording.on_profile_changed),
        (connection_ended_in_transaction, recording.on_connection_ended),
        (connection_reopened_in_transaction, recording.on_connection_reopened),
    ),
    sweeps=(lambda now: {"events_numbered": number(now)},),
    retention=retention.RULES,
)
