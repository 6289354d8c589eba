"""Accounts: people, how they sign in, their profile and their presence."""

from flask import Flask

from wellchat.accounts import cli, links, proof, sessions
from wellchat.accounts.api import api
from wellchat.accounts.hooks import proof_methods
from wellchat.accounts.pages import pages
from wellchat.accounts.password_proof import by_password
from wellchat.accounts.personal_data import personal_data
from wellchat.accounts.queries import language_of, session_epoch_of
from wellchat.accounts.settings import settings
from wellchat.feature import Feature, MailType, NavItem
from wellchat.i18n import N_
from wellchat.mail.hooks import reader_language, session_epoch


def _setup(app: Flask) -> None:
    sessions.init_app(app)
    proof.init_app(app)


feature = Feature(
    "accounts",
    personal_data=personal_data,
    blueprints=(pages, proof.pages, settings, api),
    commands=(cli.user, cli.token),
    tidies=(lambda now: {"links_trimmed": links.trim_used_links(now=now)},),
    mails={
        "welcome": MailType(N_("Welcome")),
        "verification": MailType(N_("Confirm your address"), interactive=True),
        "already_registered": MailType(N_("You have an account already")),
        "reset": MailType(N_("New password"), interactive=True),
        "password_changed": MailType(N_("Your password was changed"), interactive=True),
    },
    mail_links={"verify": links.verify_path, "reset": links.reset_path},
    handlers=(
        (reader_language, language_of),
        (session_epoch, session_epoch_of),
        (proof_methods, by_password),
    ),
    account_menu=(NavItem("/settings", N_("Settings"), "settings"),),
    settings_tabs=(NavItem("/settings", N_("You")),),
    setup=_setup,
)
