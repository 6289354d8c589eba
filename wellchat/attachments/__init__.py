"""Files that people send each other, seen by the two people of their thread and nobody else."""

from flask import Flask

from wellchat.attachments.api import api
from wellchat.attachments.names import ending_of
from wellchat.attachments.pages import pages
from wellchat.attachments.state import blank, file_size, fitted, in_words


def init_app(app: Flask) -> None:
    app.register_blueprint(api)
    app.register_blueprint(pages)
    app.jinja_env.filters.update(
        blank=blank, ending=ending_of, file_size=file_size, files_in_words=in_words, fitted=fitted
    )
