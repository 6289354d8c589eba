"""The embed: conversations in frames of the host's pages. Without WELLCHAT_EMBED_ORIGINS it is not there."""

from flask import Flask

from wellchat.audit.kinds import AuditKind
from wellchat.embed import access, api, guarding, loader, pages
from wellchat.embed.checks import check
from wellchat.feature import Feature
from wellchat.i18n import N_


def _setup(app: Flask) -> None:
    if app.config["EMBED_ORIGINS"]:
        app.register_blueprint(api.api)
        app.register_blueprint(pages.pages)
        app.register_blueprint(pages.shown(app))
        app.register_blueprint(loader.script)
        guarding.init_app(app)


feature = Feature(
    "embed",
    tidies=(access.tidy,),
    audited={"embed.started": AuditKind(N_("Session in a frame started"))},
    doctor_checks=(("embed", check),),
    setup=_setup,
)
