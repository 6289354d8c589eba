"""Threads and messages: what wellchat is for."""

from flask import Flask

from wellchat.accounts.hooks import (
    availability_changed_in_transaction,
    notice_at_sign_in,
    profile_changed_in_transaction,
)
from wellchat.accounts.models import SYSTEM_ID
from wellchat.attachments.hooks import scanned_in_transaction, thumbnail_made_in_transaction
from wellchat.feature import Feature
from wellchat.i18n import N_
from wellchat.messaging import answer_times, dispatch, memberships, metrics, retention, telling
from wellchat.messaging.claims_api import api
from wellchat.messaging.closing import settle_person
from wellchat.messaging.files import add_thumbnail, set_scanned
from wellchat.messaging.pages import blueprints
from wellchat.messaging.pages.inbox import badges, note_landing
from wellchat.messaging.pages.thread import message_url
from wellchat.messaging.personal_data import personal_data
from wellchat.messaging.queries import warm_up
from wellchat.messaging.refresh import refresh_person, refresh_subject
from wellchat.messaging.schemas import describe_tags
from wellchat.messaging.threads import open_thread_of_lead
from wellchat.messaging.words import deleted_words
from wellchat.notifications.hooks import wrote_at
from wellchat.notifications.kinds import NotificationKind
from wellchat.subjects.hooks import lead_claimed_in_transaction, subject_put_in_transaction


def _setup(app: Flask) -> None:
    warm_up()
    app.jinja_env.globals["system_id"] = SYSTEM_ID


feature = Feature(
    "messaging",
    personal_data=personal_data,
    retention=retention.RULES,
    events=telling.EVENTS,
    blueprints=(api, *blueprints),
    tasks="worker.messaging",
    sweeps=(memberships.sweep_snoozes, dispatch.sweep),
    notification_kinds=(
        NotificationKind(
            name="message",
            label=N_("New messages"),
            title="{actor}",
            group="thread:{thread_id}",
            several=N_("{count} new messages"),
            several_read=N_("{count} messages"),
            discreet=N_("New message"),
            partial="notifications/_kinds/message.html",
            site_speaks=True,
            waits_for_digest=True,
            priority="high",
        ),
    ),
    handlers=(
        (notice_at_sign_in, note_landing),
        (profile_changed_in_transaction, refresh_person),
        (availability_changed_in_transaction, settle_person),
        (subject_put_in_transaction, refresh_subject),
        (lead_claimed_in_transaction, open_thread_of_lead),
        (thumbnail_made_in_transaction, add_thumbnail),
        (scanned_in_transaction, set_scanned),
        (wrote_at, answer_times.wrote_at),
    ),
    filters={"deleted_words": deleted_words},
    openapi=describe_tags,
    context=lambda: {"badges": badges, "message_url": message_url},
    offline_paths=("/", r"/threads/\w+"),
    metrics=(metrics.measure,),
    setup=_setup,
)
