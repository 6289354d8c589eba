"""People: accounts, how they prove who they are, their profile, their presence."""

from apiflask import APIFlask

from wellchat.accounts import cli, sessions
from wellchat.accounts.api import api
from wellchat.accounts.links import reset_path, verify_path
from wellchat.accounts.pages import pages
from wellchat.accounts.queries import language_of
from wellchat.accounts.settings import settings
from wellchat.mail.compose import ASKED_FOR, LANGUAGES, LINKS


def init_app(app: APIFlask) -> None:
    sessions.init_app(app)
    app.register_blueprint(pages)
    app.register_blueprint(settings)
    app.register_blueprint(api)
    app.cli.add_command(cli.user)
    app.cli.add_command(cli.token)
    if language_of not in LANGUAGES:
        LANGUAGES.append(language_of)
    LINKS.update(verify=verify_path, reset=reset_path)
    ASKED_FOR.update(("verification", "reset", "password_changed"))
