from __future__ import annotations

import pytest
from flask import Flask

from tests.mail.world import World
from tests.services import MailServer


@pytest.fixture
def world(app: Flask, smtp: MailServer) -> World:
    app.config.update(
        SMTP_URL=smtp.url,
        MAIL_FROM="wellchat <hello@studio.example>",
        REPLY_ADDRESS="reply@studio.example",
        BASE_URL="https://chat.example",
        UNPROVEN_REPLIES=True,
    )
    return World(app, smtp)
