"""A file on its way in: how large a request may be, and what of it is the file."""

from __future__ import annotations

from flask import current_app, request
from flask_login import current_user
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from wellchat.db import release_connection
from wellchat.errors import Invalid, TooLarge
from wellchat.i18n import gettext

FORM_OVERHEAD = 256 * 1024  # bytes of a request that are not the file: fields, names, boundaries


def raise_body_limit() -> None:
    """For people we know, before anything reads the body: for strangers the limit of every request stands."""
    if not current_user.is_authenticated:
        return
    release_connection()
    request.max_content_length = current_app.config["MAX_UPLOAD"] * 1024 * 1024 + FORM_OVERHEAD


def uploaded_files(field: str = "file") -> list[FileStorage]:
    """The files of a request, in order. Raises TooLarge, and Invalid where it is not a form with files.

    It may take minutes to come, from a phone on a train: no database connection waits for it.
    """
    release_connection()
    try:
        return [each for each in request.files.getlist(field) if each.filename]
    except RequestEntityTooLarge:
        raise TooLarge(
            gettext("A file can be at most %(num)s MB.", num=current_app.config["MAX_UPLOAD"])
        ) from None


def single_upload() -> FileStorage:
    """Exactly one. Raises TooLarge, Invalid."""
    raise_body_limit()
    files = uploaded_files()
    if len(files) != 1:
        raise Invalid(
            {"file": gettext("Send one file, as the field `file` of a multipart/form-data request.")}
        )
    return files[0]
