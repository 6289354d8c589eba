"""Check for `wellchat doctor` whether factors still work with the settings in use."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from wellchat.db import db
from wellchat.factors import ceremony, keys
from wellchat.factors.models import Totp
from wellchat.factors.passkeys import made_elsewhere


def check(_app: Flask) -> str:
    """Return what is well. Raises ValueError where a changed address or key has made factors useless."""
    if lost := made_elsewhere():
        raise ValueError(
            f"{lost} {'passkey was' if lost == 1 else 'passkeys were'} made for another host name than that"
            f" of WELLCHAT_BASE_URL and {'does' if lost == 1 else 'do'} not work: go back to it, or let their"
            " owners sign in by code and make new ones"
        )
    newest = select(Totp).order_by(Totp.confirmed_at.desc()).limit(1)
    app = db.session.execute(newest).scalar_one_or_none()
    if app is not None:
        try:
            keys.unseal(app.secret_sealed, user_id=app.user_id)
        except keys.Unreadable:
            raise ValueError("WELLCHAT_SECRET_KEY was changed: no authenticator app can be checked") from None
    site = ceremony.site()
    return f"passkeys for {site.rp_id}" if site else "no passkeys: BASE_URL is no https address with a name"
