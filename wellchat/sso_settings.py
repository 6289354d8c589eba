"""Check the settings of sign-on: origins, links, and the providers of OpenID Connect."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

# What WELLCHAT_OIDC_<NAME>_... may say more of a provider.
PARTS = ("ROLES", "ADMINS", "DOMAINS", "JOINS", "GROUPS", "SCOPES", "ALGS", "LABEL")
NAME = re.compile(r"[A-Z][A-Z0-9]{0,19}")
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
ROLES = ("client", "professional")
# As in accounts/duties.py, which cannot be read before the settings are.
ADMIN_ROLES = ("owner", "support", "moderator", "auditor")


@dataclass(frozen=True)
class Provider:
    """A provider of OpenID Connect, as the settings name it."""

    name: str  # as in addresses: small letters
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    label: str = ""
    # group -> role; the first that fits counts, and `*` fits everybody
    roles: Mapping[str, str] = field(default_factory=dict)
    admins: Mapping[str, str] = field(default_factory=dict)  # group -> what its administrators do
    joins: bool = False  # may a verified address join an account that stands?
    domains: tuple[str, ...] = ()  # of addresses; empty: every address
    groups: str = "groups"  # the claim that holds them
    scopes: str = "openid email profile"
    algorithms: tuple[str, ...] = ("RS256", "ES256", "EdDSA")


def origins(values: tuple[str, ...]) -> tuple[str, ...]:
    """Check origins: scheme, host and port, as browsers send them, without a path."""
    for value in values:
        parts = urlsplit(value)
        if parts.scheme not in ("https", "http") or value != f"{parts.scheme}://{parts.netloc}".lower():
            raise ValueError(f"{value} is no origin; write such as https://www.example.com, without a path")
        if "@" in parts.netloc or "*" in parts.netloc or not parts.hostname or not value.isascii():
            raise ValueError(f"{value} is no origin; write such as https://www.example.com")
    return values


def link_or_none(value: str | None) -> str | None:
    """Check for an http(s) address, kept as it is; None stays None."""
    if not value:
        return None
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or not value.isprintable() or " " in value:
        raise ValueError("must be an http:// or https:// address")
    return value


def oidc_variables(values: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of providers, without OIDC_ in front: NAME and NAME_PART."""
    return {name.removeprefix("OIDC_"): value for name, value in values.items() if name.startswith("OIDC_")}


def providers(value: object) -> object:
    """Return {name: Provider} of the variables. Raises ValueError with the name of the one that is wrong."""
    if not isinstance(value, Mapping) or any(isinstance(each, Provider) for each in value.values()):
        return value
    given = {str(name): str(text) for name, text in value.items()}
    found: dict[str, Provider] = {}
    for name in sorted(given):
        stem, _, part = name.partition("_")
        if not NAME.fullmatch(stem) or (part and part not in PARTS):
            parts = ", _".join(PARTS)
            raise ValueError(f"WELLCHAT_OIDC_{name}: a name has letters and digits, then may come _{parts}")
        if stem not in given:
            raise ValueError(f"WELLCHAT_OIDC_{name} is set, and WELLCHAT_OIDC_{stem} is not")
        if not part:
            more = {each: given[f"{name}_{each}"] for each in PARTS if f"{name}_{each}" in given}
            found[name.lower()] = _provider(name, given[name], more)
    return found


def _provider(name: str, text: str, more: Mapping[str, str]) -> Provider:
    parts = [part.strip() for part in text.split("|")]
    if len(parts) != 3 or not all(parts):
        raise ValueError(f"WELLCHAT_OIDC_{name} must be issuer|client_id|secret")
    try:
        issuer = link_or_none(parts[0]) or ""
    except ValueError:
        raise ValueError(f"WELLCHAT_OIDC_{name}: the issuer must be an http:// or https:// address") from None
    if urlsplit(issuer).query or urlsplit(issuer).fragment:
        raise ValueError(f"WELLCHAT_OIDC_{name}: the issuer has no ? and no #")
    read: dict[str, Any] = {}
    if "ROLES" in more:
        read["roles"] = _roles(name, more["ROLES"])
    if "ALGS" in more:
        read["algorithms"] = _algorithms(name, more["ALGS"])
    if "SCOPES" in more:
        read["scopes"] = " ".join(dict.fromkeys(["openid", *more["SCOPES"].replace(",", " ").split()]))
    if more.get("JOINS", "off") not in ("on", "off"):
        raise ValueError(f"WELLCHAT_OIDC_{name}_JOINS must be on or off")
    read["joins"] = more.get("JOINS") == "on"
    read["admins"] = _admins(more.get("ADMINS", ""))
    read["domains"] = tuple(each.lower().removeprefix("@") for each in _listed(more.get("DOMAINS", "")))
    read["groups"] = more.get("GROUPS", "groups").strip()
    read["label"] = more.get("LABEL", name.title()).strip()
    return Provider(name.lower(), issuer, parts[1], parts[2], **read)


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _roles(name: str, text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in _listed(text):
        # A group may have a colon in its own name.
        group, _, role = pair.rpartition(":")
        if not group or role not in ROLES:
            raise ValueError(
                f"WELLCHAT_OIDC_{name}_ROLES: write group:client or group:professional, not {pair}"
            )
        found[group] = role
    return found


def _admins(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in _listed(text):
        group, _, role = each.rpartition(":")
        # Without a role behind it, a group may have a colon in its own name.
        found.update({group: role} if group and role in ADMIN_ROLES else {each: ADMIN_ROLES[0]})
    return found


def _algorithms(name: str, text: str) -> tuple[str, ...]:
    found = tuple(_listed(text))
    if not found or any(each not in ALGORITHMS for each in found):
        raise ValueError(f"WELLCHAT_OIDC_{name}_ALGS: choose of {', '.join(ALGORITHMS)}")
    return found
