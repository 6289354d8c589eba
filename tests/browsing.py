"""The client of the tests: a browser without a screen."""

from __future__ import annotations

import contextvars
from typing import Any

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from wellchat import clock
from wellchat.accounts.models import User
from wellchat.accounts.session_rows import start_session
from wellchat.db import db

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


class Browser(FlaskClient):
    """Carries the CSRF token as our pages do, unless told `forged=True`, and shares nothing with the test but
    cookies.

    A request made inside the test's application context would run in that one, where `g` and the database
    session of the last request still stand.
    """

    def open(self, *args: Any, forged: bool = False, **options: Any) -> TestResponse:
        if options.get("method", "GET") in UNSAFE and not forged:
            headers = dict(options.pop("headers", None) or {})
            options["headers"] = {"X-CSRFToken": self._csrf_token(), **headers}
        # an old snapshot of the test's must not hide, or hold up, what the request writes
        db.session.rollback()
        try:
            return contextvars.Context().run(super().open, *args, **options)
        finally:
            db.session.rollback()

    def signed_in_as(self, user: User) -> Browser:
        user.session_id, user.session = "", None
        user_id, now = user.get_id(), clock.now()
        start_session(user=user, network="127.0.0.0/24", device="", proved_at=now, now=now)
        with self.session_transaction() as session:
            session["_user_id"] = user_id
            session["_fresh"] = True
        return self

    def _csrf_token(self) -> str:
        with self.session_transaction() as session:
            raw = session.setdefault("csrf_token", "0" * 40)
        secret = self.application.config["SECRET_KEY"]
        return str(URLSafeTimedSerializer(secret, salt="wtf-csrf-token").dumps(raw))
