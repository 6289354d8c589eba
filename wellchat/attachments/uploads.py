"""Read uploaded files from a request, within the limits of its size."""

from __future__ import annotations

from flask import current_app, request
from flask_login import current_user
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from wellchat.db import release_connection
from wellchat.errors import Invalid, TooLarge
from wellchat.i18n import gettext

FORM_OVERHEAD = 256 * 1024  # bytes of a request beside the file: fields, names, boundaries


def raise_body_limit() -> None:
    """Raise the limit of the body, before anything reads it, for signed-in users only."""
    if not current_user.is_authenticated:
        return
    release_connection()
    request.max_content_length = current_app.config["MAX_UPLOAD"] * 1024 * 1024 + FORM_OVERHEAD


def uploaded_files(field: str = "file") -> list[FileStorage]:
    """Return the files of a request, in order. Raises TooLarge.

    It may take minutes on a slow connection, so the database connection is released first.
    """
    # Reading request.files reads the body, however slowly it arrives.
    release_connection()
    try:
        return [each for each in request.files.getlist(field) if each.filename]
    except RequestEntityTooLarge:
        raise TooLarge(
            gettext("A file can be at most %(num)s MB.", num=current_app.config["MAX_UPLOAD"])
        ) from None


def single_upload() -> FileStorage:
    """Return the one file of the request. Raises TooLarge, and Invalid unless there is exactly one."""
    raise_body_limit()
    files = uploaded_files()
    if len(files) != 1:
        raise Invalid(
            {"file": gettext("Send one file, as the field `file` of a multipart/form-data request.")}
        )
    return files[0]
