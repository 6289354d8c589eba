"""The host API: what the servers of the platform do here, with keys of the installation."""

from flask import Flask

from wellchat.accounts.models import User
from wellchat.audit.kinds import HIGH, NOTICE, AuditKind
from wellchat.event_types import EventType
from wellchat.feature import Feature, MailType, NavItem
from wellchat.host import answers, api, by_platform_ids, cli, key_cli, keys, notices, pages
from wellchat.host.personal_data import personal_data
from wellchat.i18n import N_


def _setup(app: Flask) -> None:
    api.init_app(app)


def _is_owner(viewer: User) -> bool:
    return viewer.may("settings")


feature = Feature(
    "host",
    personal_data=personal_data,
    blueprints=(api.api, pages.pages),
    # Some take the place of commands of the features below: the same, with one option more.
    commands=(key_cli.key_group, cli.connection, by_platform_ids.CONNECT),
    subcommands={
        "user": (*cli.USER_COMMANDS, by_platform_ids.CREATE),
        "subject": (*cli.SUBJECT_COMMANDS, by_platform_ids.PUT),
    },
    sweeps=(keys.sweep,),
    tidies=(answers.tidy,),
    mails={
        "host_key_ends": MailType(N_("A host key ends soon")),
        "host_notification": MailType(N_("Notification of the platform"), notices.content),
    },
    events={
        "key.ending": EventType("A host key ends within this many days.", ("key", "days")),
        "user.merged": EventType("Two accounts of one person became one, `into`.", ("user", "into")),
    },
    audited={
        "host_key.made": AuditKind(N_("Host key made"), HIGH, shown_to_person=False, of_admin=True),
        "host_key.rotated": AuditKind(N_("Host key rotated"), HIGH, shown_to_person=False, of_admin=True),
        "host_key.ended": AuditKind(N_("Host key ended"), HIGH, shown_to_person=False, of_admin=True),
        "host_key.refused": AuditKind(N_("Host key used from elsewhere"), HIGH, shown_to_person=False),
        "host_messages.read": AuditKind(N_("Messages read by the platform"), NOTICE, shown_to_person=False),
        "host_message.sent": AuditKind(N_("Message sent by the platform in a person's name"), NOTICE),
        "host_message.removed": AuditKind(N_("Message removed by the platform"), NOTICE),
        "notification_kind.put": AuditKind(
            N_("Kind of notification put"), shown_to_person=False, of_admin=True
        ),
        "host_person.made": AuditKind(N_("Account made by the platform")),
        "host_person.changed": AuditKind(N_("Account changed by the platform")),
        "host_person.renamed": AuditKind(N_("Account given another id by the platform")),
        "host_person.merged": AuditKind(N_("Two accounts made one by the platform"), HIGH),
        "host_person.link_made": AuditKind(N_("Sign-in link made by the platform"), NOTICE),
    },
    oversight_tabs=(NavItem("/oversight/keys", N_("Keys"), visible=_is_owner),),
    scripts={"copyField": "copy_field"},
    setup=_setup,
)
