"""Tell the host platform what happens: one numbered log, read by a feed and sent to webhooks.

Off by default: an event is one more row in the transaction of every act, also of every message. Off, it costs
nothing.
"""

from flask import Flask

from wellchat.accounts.hooks import profile_changed_in_transaction
from wellchat.accounts.models import User
from wellchat.audit.kinds import HIGH, NOTICE, AuditKind
from wellchat.changes.hooks import database_restored_in_transaction
from wellchat.config import SettingsError
from wellchat.event_types import EventType, tell_host
from wellchat.events import (
    cli,
    feed,
    host_check,
    recording,
    retention,
    sending,
    waiting,
    watching,
    webhook_calls,
)
from wellchat.events.models import PING
from wellchat.events.numbering import renew_epoch
from wellchat.events.pages import pages
from wellchat.feature import Feature, MailType, NavItem
from wellchat.host_setup.hooks import webhooks_looked_at
from wellchat.i18n import N_
from wellchat.safety.hooks import connection_ended_in_transaction, connection_reopened_in_transaction


def _setup(app: Flask) -> None:
    waiting.init_app(app)
    if unknown := sorted(set(app.config["EVENTS"]) - set(app.extensions["features"].events)):
        raise SettingsError(f"WELLCHAT_EVENTS: there is no type {unknown[0]}")


def _is_owner(viewer: User) -> bool:
    return viewer.may("settings")


AUDITED = {
    "webhook.created": AuditKind(N_("Webhook made"), HIGH, shown_to_person=False, of_admin=True),
    "webhook.changed": AuditKind(N_("Webhook changed"), HIGH, shown_to_person=False, of_admin=True),
    "webhook.rotated": AuditKind(
        N_("Webhook given a new secret"), HIGH, shown_to_person=False, of_admin=True
    ),
    "webhook.ended": AuditKind(N_("Webhook ended"), NOTICE, shown_to_person=False, of_admin=True),
    "webhook.disabled": AuditKind(N_("Webhook disabled"), NOTICE, shown_to_person=False, of_admin=True),
    "webhook.enabled": AuditKind(N_("Webhook enabled"), NOTICE, shown_to_person=False, of_admin=True),
    "webhook.resent": AuditKind(N_("Events sent again"), NOTICE, shown_to_person=False, of_admin=True),
}

feature = Feature(
    "events",
    optional=True,
    on_by_default=False,
    blueprints=(pages,),
    commands=(cli.events, cli.webhook),
    tasks="worker.events",
    events={PING: EventType("Somebody tries a webhook.", ("webhook",))},
    handlers=(
        (tell_host, recording.write_event),
        (database_restored_in_transaction, renew_epoch),
        (profile_changed_in_transaction, recording.on_profile_changed),
        (connection_ended_in_transaction, recording.on_connection_ended),
        (connection_reopened_in_transaction, recording.on_connection_reopened),
        (webhooks_looked_at, host_check.look),
    ),
    host_calls=(*feed.CALLS, *webhook_calls.CALLS),
    deliveries=(sending.sweep, watching.sweep),
    mails={watching.MAIL: MailType(N_("A webhook fails"), watching.mail_context)},
    audited=AUDITED,
    retention=retention.RULES,
    oversight_tabs=(NavItem("/oversight/webhooks", N_("Webhooks"), visible=_is_owner),),
    setup=_setup,
)
