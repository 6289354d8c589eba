"""People's own data: copies of it, erasure, how long it is kept, legal holds, and the page that says so."""

from flask import Flask

from wellchat.accounts.hooks import (
    enabling_forbidden,
    erasure_forbidden,
    notice_at_sign_in,
    person_erased_in_transaction,
)
from wellchat.attachments.hooks import stored_by_others
from wellchat.audit.kinds import EXPORT, HIGH, NOTICE, AuditKind
from wellchat.config import SettingsError
from wellchat.event_types import EventType
from wellchat.feature import Feature, MailType, NavItem
from wellchat.i18n import N_
from wellchat.messaging.retention import KINDS_WITH_THREADS
from wellchat.privacy import cli, erasure, exports, holds, links, retention, updates
from wellchat.privacy import pages as privacy_pages
from wellchat.privacy.personal_data import personal_data


def _setup(app: Flask) -> None:
    app.jinja_env.globals["erasure_at"] = privacy_pages.erasure_at
    if unknown := sorted(set(app.config["RETENTION"]) - set(KINDS_WITH_THREADS)):
        known = ", ".join(KINDS_WITH_THREADS)
        raise SettingsError(
            f"WELLCHAT_RETENTION: {unknown[0]} has no conversations of its own; there are {known}"
        )


feature = Feature(
    "privacy",
    personal_data=personal_data,
    retention=exports.RULES,
    blueprints=(privacy_pages.pages,),
    commands=(cli.privacy,),
    events={"export.ready": EventType("A copy of somebody's data is ready.", ("user", "export"))},
    subcommands={"user": (cli.export_user, cli.erase_user)},
    tasks="worker.privacy",
    sweeps=(exports.sweep, erasure.sweep),
    tidies=(retention.tidy,),
    changes={updates.KIND: updates.load_exports},
    mails={
        "export_ready": MailType(N_("Copy of your data")),
        "erasure_asked": MailType(N_("Your account will be erased"), interactive=True),
        "erasure_done": MailType(N_("Your account is erased"), interactive=True),
    },
    mail_links={"keep": links.keep_path},
    audited={
        "export.asked": AuditKind(N_("Copy of data asked for"), NOTICE),
        "export.made": AuditKind(N_("Copy of data made"), NOTICE, signal=EXPORT),
        "export.fetched": AuditKind(N_("Copy of data downloaded"), NOTICE),
        "erasure.asked": AuditKind(N_("Erasure asked for"), NOTICE),
        "erasure.cancelled": AuditKind(N_("Erasure cancelled"), NOTICE),
        "erasure.done": AuditKind(N_("Person erased"), HIGH, shown_to_person=False, of_admin=True),
        "erasure.listed": AuditKind(N_("List of erased people printed"), NOTICE, shown_to_person=False),
        "hold.made": AuditKind(N_("Legal hold made"), HIGH, shown_to_person=False, of_admin=True),
        "hold.released": AuditKind(N_("Legal hold released"), HIGH, shown_to_person=False, of_admin=True),
        "retention.ran": AuditKind(N_("Old data removed"), shown_to_person=False, of_admin=True),
    },
    handlers=(
        (erasure_forbidden, holds.erasure_forbidden),
        (enabling_forbidden, erasure.enabling_forbidden),
        (person_erased_in_transaction, erasure.note_erased),
        (notice_at_sign_in, privacy_pages.notice_at_sign_in),
        (stored_by_others, exports.stored_ids),
    ),
    settings_tabs=(NavItem("/settings/privacy", N_("Privacy")),),
    styles=("privacy",),
    scripts={"liveSection": "live_section"},
    setup=_setup,
)
