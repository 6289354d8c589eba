"""Accounts: people, how they sign in, their profile and their presence."""

from datetime import datetime

from flask import Flask

from wellchat.accounts import (
    actions,
    address_change,
    admission,
    admission_cli,
    admission_pages,
    cli,
    devices,
    known_devices,
    links,
    mailed_links,
    presence,
    proof,
    security,
    session_rows,
    sessions,
)
from wellchat.accounts.api import api
from wellchat.accounts.audited import AUDITED
from wellchat.accounts.hooks import knows_device, proof_methods, security_sections
from wellchat.accounts.pages import pages
from wellchat.accounts.password_proof import by_password
from wellchat.accounts.personal_data import personal_data
from wellchat.accounts.queries import (
    id_by_email,
    language_of,
    mail_veto,
    names_by_id,
    present_address_of,
    session_epoch_of,
)
from wellchat.accounts.secrets_check import check_secrets
from wellchat.accounts.settings import settings
from wellchat.audit.hooks import names_of_people, person_by_address
from wellchat.event_types import EventType
from wellchat.feature import Feature, MailType, NavItem
from wellchat.i18n import N_
from wellchat.mail.hooks import mail_vetoed, present_address, reader_language, session_epoch


def _setup(app: Flask) -> None:
    sessions.init_app(app)
    proof.init_app(app)
    devices.init_app(app)
    app.jinja_env.globals["link_lasts"] = links.link_lasts


def _tidy(now: datetime) -> dict[str, int]:
    return {
        "links_trimmed": links.trim_used_links(now=now),
        "devices_trimmed": known_devices.trim_devices(now=now),
        "tokens_trimmed": actions.trim_tokens(now=now),
        "sessions_trimmed": session_rows.trim_sessions(now=now),
    }


feature = Feature(
    "accounts",
    personal_data=personal_data,
    blueprints=(pages, proof.pages, settings, security.pages, mailed_links.pages, admission_pages.pages, api),
    commands=(cli.user, cli.token),
    subcommands={"user": admission_cli.COMMANDS},
    slots={"inbox_head": "accounts/_waiting.html"},
    sweeps=(presence.sweep,),
    tidies=(_tidy,),
    audited=AUDITED,
    events={
        "user.created": EventType("An account was made.", ("user", "role")),
        "user.updated": EventType("Name, picture, role or availability look different.", ("user",)),
        "user.disabled": EventType("An account was disabled.", ("user",)),
        "user.enabled": EventType("An account was enabled again.", ("user",)),
        "user.erased": EventType("Everything of a person was erased.", ("user",)),
    },
    mails={
        "welcome": MailType(N_("Welcome")),
        "verification": MailType(N_("Confirm your address"), interactive=True, asked=True),
        "already_registered": MailType(N_("You have an account already"), asked=True),
        "reset": MailType(N_("New password"), interactive=True, asked=True),
        "new_device": MailType(N_("New device"), known_devices.new_device_context, interactive=True),
        "address_confirm": MailType(
            N_("Confirm a new address"), address_change.confirm_context, interactive=True, asked=True
        ),
        "address_asked": MailType(N_("Another address was asked for"), interactive=True, to_old_address=True),
        "address_changed": MailType(
            N_("Your address was changed"),
            address_change.undo_context,
            interactive=True,
            to_old_address=True,
        ),
        "address_done": MailType(N_("Your new address")),
        "invitation": MailType(N_("Invitation"), admission.invitation_context, interactive=True, asked=True),
        "token_made": MailType(N_("A token was made"), interactive=True),
        "password_changed": MailType(N_("Your password was changed"), interactive=True),
    },
    mail_links={"verify": links.verify_path, "reset": links.reset_path, "not_me": links.not_me_path},
    filters={"moment_in": known_devices.moment_in},
    handlers=(
        (reader_language, language_of),
        (names_of_people, names_by_id),
        (person_by_address, id_by_email),
        (session_epoch, session_epoch_of),
        (mail_vetoed, mail_veto),
        (present_address, present_address_of),
        (proof_methods, by_password),
        (knows_device, devices.knows),
        (security_sections, security.sessions_section),
    ),
    account_menu=(NavItem("/settings", N_("Settings"), "settings"),),
    settings_tabs=(NavItem("/settings", N_("You")), NavItem("/settings/security", N_("Security"))),
    doctor_checks=(("secrets", check_secrets),),
    setup=_setup,
)
