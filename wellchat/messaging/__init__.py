"""Threads and messages: what wellchat is for."""

from flask import Flask

from wellchat.accounts.actions import ON_PROFILE
from wellchat.attachments.work import ON_THUMBNAIL
from wellchat.messaging.actions import tell_of_person
from wellchat.messaging.api import api
from wellchat.messaging.cli import subject
from wellchat.messaging.files import show_thumbnail
from wellchat.messaging.gallery import gallery, gallery_api
from wellchat.messaging.labels import tell_of_subject
from wellchat.messaging.message_api import api as message_api
from wellchat.messaging.message_pages import pages as message_pages
from wellchat.messaging.pages import badges, pages
from wellchat.messaging.places import address_of
from wellchat.messaging.queries import warm_up
from wellchat.subjects.actions import ON_PUT


def init_app(app: Flask) -> None:
    warm_up()
    if tell_of_person not in ON_PROFILE:
        ON_PROFILE.append(tell_of_person)
    if tell_of_subject not in ON_PUT:
        ON_PUT.append(tell_of_subject)
    if show_thumbnail not in ON_THUMBNAIL:
        ON_THUMBNAIL.append(show_thumbnail)
    app.register_blueprint(api)
    app.register_blueprint(message_api)
    app.register_blueprint(gallery_api)
    app.register_blueprint(gallery)
    app.register_blueprint(pages)
    app.register_blueprint(message_pages)
    app.context_processor(lambda: {"badges": badges, "message_place": address_of})
    app.cli.add_command(subject)
