"""Check sign-on for `wellchat doctor`."""

from __future__ import annotations

from flask import Flask

from wellchat import clock, sealing
from wellchat.sso.jose import Unfit
from wellchat.sso.keys import key_of, keys_in_order


def check(app: Flask) -> str:
    """Return what is set up. Raises ValueError where keys cannot be used, or have no door."""
    now = clock.now()
    good = [key for key in keys_in_order() if not key.is_over(now)]
    lost = []
    for key in good:
        try:
            if key.jwks_url is None:
                key_of(key)
        except (Unfit, sealing.Unreadable):
            lost.append(key.kid)
    if lost:
        raise ValueError(f"keys that cannot be read with this SECRET_KEY: {', '.join(lost)}; make new ones")
    origins, providers = app.config["SSO_ORIGINS"], app.config["OIDC"]
    if not good and not providers:
        return "off"
    named = f"providers: {', '.join(providers) or 'none'}"
    return f"keys: {len(good)}, pages of: {', '.join(origins) or 'nobody'}, {named}"
