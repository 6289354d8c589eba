"""Limit the mails that anybody can cause by naming an address.

The limit belongs to the act: a mail of this kind to this address. So it holds at every door. While a link
that was sent a moment ago still works, no new one is sent; whoever asked is answered as always.
"""

from __future__ import annotations

from hashlib import sha256

from wellchat.feature import registry
from wellchat.guard import Budget, within
from wellchat.i18n import N_

TO_ADDRESS = Budget("mail-address", "1/2minutes;3/hour;10/day")
LATELY = N_("A mail of this kind was sent to this address a moment ago.")


def may_send(name: str, address: str) -> bool:
    """Count a mail of this kind to this address. Return whether it may be sent.

    Kinds that do not say `asked` are not limited here.
    """
    kind = registry().mails.get(name)
    if kind is None or not kind.asked:
        return True
    # Hashed, because keys stand in Redis and in logs.
    return within(TO_ADDRESS, f"{name}:{sha256(address.encode()).hexdigest()[:32]}")


def is_interactive(name: str) -> bool:
    """Return whether somebody waits for mails of this kind, such as one with a new password."""
    declared = registry().mails.get(name)
    return declared is not None and declared.interactive
