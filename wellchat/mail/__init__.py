"""Email: the ledger that is also the queue, how a mail is composed, and how it leaves."""

from flask import Flask

from wellchat.mail.cli import mail
from wellchat.mail.ledger import ledger
from wellchat.mail.pages import address_refusal, pages


def init_app(app: Flask) -> None:
    app.register_blueprint(pages)
    app.register_blueprint(ledger)
    app.context_processor(lambda: {"address_refusal": address_refusal})
    app.cli.add_command(mail)
