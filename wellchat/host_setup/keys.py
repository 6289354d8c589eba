"""Make the two keys that a host needs, and say which settings let its pages in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import inspect

from wellchat.config import setting
from wellchat.db import db
from wellchat.embed_settings import allows, embed_origins
from wellchat.host import keys as host_keys
from wellchat.host.models import HostKey
from wellchat.sso import keys as sso_keys
from wellchat.sso.models import HS256, SsoKey

# What a platform does every day. Erasing, reading words and bringing over history need a key of their own.
SCOPES = (
    "people:read",
    "people:write",
    "connections:write",
    "subjects:read",
    "subjects:write",
    "threads:read",
    "messages:write",
    "sign_in",
    "webhooks",
    "events",
)
MAX_NAME = 80
EVENTS = "events"


@dataclass(frozen=True)
class SetUp:
    """What stands for a host. `env` has the lines for its side that are known now: secrets only when made."""

    origin: str
    host_key: HostKey
    sso_key: SsoKey
    env: dict[str, str]
    made: tuple[str, ...]  # of "host_key", "sso_key"
    replaced: tuple[str, ...] = ()  # kids of keys that go on to work beside the new one
    settings: dict[str, str] = field(default_factory=dict)  # of wellchat, that are still missing


def origin_of(address: str) -> str:
    """Return the origin of a web address: scheme, host and port.

    Raises ValueError for what is none, and for one whose pages may show no frame: http of another machine.
    """
    parts = urlsplit(address.strip())
    try:
        port = parts.port
    except ValueError:
        raise ValueError(f"{address}: its port is not a number from 0 to 65535") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not address.isprintable():
        raise ValueError(f"{address} is no address of a site; write such as https://shop.example")
    host = parts.hostname.encode("idna").decode() if ":" not in parts.hostname else f"[{parts.hostname}]"
    usual = {"http": 80, "https": 443}[parts.scheme]
    origin = f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")
    return embed_origins((origin,))[0]


def is_empty() -> bool:
    """Return whether the database has no table at all."""
    return not inspect(db.engine).get_table_names()


def set_up(*, origin: str, now: datetime, renew: bool = False) -> SetUp:
    """Make the keys of this host that are not there. Twice is the same as once. Raises Invalid, Conflict.

    `renew` makes new ones beside those that stand: the old host key works a day longer, the old key for
    tokens until it is ended.
    """
    env, made, replaced = {"WELLCHAT_URL": str(setting("BASE_URL"))}, [], []
    name = origin[:MAX_NAME]
    host_key, sso_key = standing_host_key(name, now), standing_sso_key(name, now)
    if host_key is None or renew:
        new = (
            host_keys.rotate_key(key_id=host_key.id, now=now)
            if host_key
            else host_keys.make_key(name=name, scopes=SCOPES, now=now)
        )
        host_key, env["WELLCHAT_KEY"] = new.key, new.secret
        made.append("host_key")
    if sso_key is None or renew:
        replaced += [sso_key.kid] if sso_key else []
        sso_key, secret = sso_keys.create_key(alg=HS256, name=name, now=now)
        env |= {"WELLCHAT_KID": sso_key.kid, "WELLCHAT_SECRET": str(secret)}
        made.append("sso_key")
    return SetUp(origin, host_key, sso_key, env, tuple(made), tuple(replaced), missing_settings(origin))


def standing_host_key(name: str, now: datetime) -> HostKey | None:
    """Return the latest key of this name that works and was not rotated."""
    return next((k for k in host_keys.keys(now=now) if k.name == name and k.rotated_to is None), None)


def standing_sso_key(name: str, now: datetime) -> SsoKey | None:
    """Return the latest key of this name that signs tokens."""
    keys = reversed(sso_keys.keys_in_order())
    return next((key for key in keys if key.name == name and not key.is_over(now)), None)


def missing_settings(origin: str) -> dict[str, str]:
    """Return the settings that this process lacks for the host, each with its whole new value."""
    wanted = {"EMBED_ORIGINS": origin, "SSO_ORIGINS": origin, "FEATURES": EVENTS}
    found = {}
    for name, value in wanted.items():
        standing = tuple(setting(name))
        # A `*` of the embed stands for many.
        if value not in standing and not (name == "EMBED_ORIGINS" and allows(standing, value)):
            found[f"WELLCHAT_{name}"] = ",".join((*standing, value))
    return found
