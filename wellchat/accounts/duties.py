"""Say which administrator may do what. Each administrator has one or more of four roles."""

from __future__ import annotations

ADMIN_ROLES = OWNER, SUPPORT, MODERATOR, AUDITOR = ("owner", "support", "moderator", "auditor")

DUTIES: dict[str, frozenset[str]] = {
    "people": frozenset({OWNER, SUPPORT}),  # find, disable, sign out
    "mail": frozenset({OWNER, SUPPORT}),  # the ledger of emails, without their words
    "moderate": frozenset({OWNER, MODERATOR}),  # reports
    "conversations": frozenset({OWNER, MODERATOR}),  # list them, and open one with a reason
    "settings": frozenset({OWNER}),  # keys, roles
    "audit": frozenset({OWNER, AUDITOR}),  # the security log and figures
    "erase": frozenset({OWNER}),  # erase, hold, export of somebody
}


def may(admin_roles: str, duty: str) -> bool:
    """Return whether one of these roles (separated by blanks) has this duty. Raises KeyError for no duty."""
    return not DUTIES[duty].isdisjoint(admin_roles.split())
