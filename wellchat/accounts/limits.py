"""Count guesses at passwords and links at every door, and requests for mails.

A guess counts for the account that is found, or for the canonical text where none is found, and for the
network it comes from. A device on which the person has signed in before has a budget of its own: a stranger
who uses up the account's cannot lock its owner out. docs/limits.md has the reasons.
"""

from __future__ import annotations

from wellchat.accounts.addresses import canonical_address
from wellchat.accounts.hooks import knows_device
from wellchat.accounts.models import sha256_hex
from wellchat.audit.origin import current_origin
from wellchat.guard import Budget, spend
from wellchat.networks import narrow_network, wide_network

AT_ACCOUNT = Budget("guess-account", "5/minute;20/hour;100/day")
FROM_KNOWN_DEVICE = Budget("guess-device", "5/minute;20/hour;100/day")
FROM_PLACE = Budget("guess-place", "10/minute;60/hour;300/day")
FROM_NEIGHBOURHOOD = Budget("guess-neighbourhood", "30/minute;200/hour;1000/day")
SECOND_STEPS_FROM_PLACE = Budget("second-place", "10/minute;60/hour;300/day")
LINKS_FROM_PLACE = Budget("link-place", "10/minute;60/hour;300/day")
MAILS_FROM_PLACE = Budget("mail-place", "5/minute;30/hour;100/day")
MAILS_FROM_NEIGHBOURHOOD = Budget("mail-neighbourhood", "20/minute;100/hour;400/day")


def count_guess(user_id: str | None, named: str = "") -> None:
    """Count a guess at the account `user_id`, or at `named` where there is no such account.

    Call it before the secret is compared, at every door. Commands are not limited. Raises guard.LimitReached.
    """
    read_origin = current_origin.get()
    if read_origin is None:
        return
    if user_id is not None and any(knows_device(user_id)):
        spend((FROM_KNOWN_DEVICE, user_id))
        return
    # Hashed, because keys stand in Redis and in logs.
    about = user_id or "text:" + sha256_hex(canonical_address(named))[:32]
    address = read_origin().address
    here, around = narrow_network(address), wide_network(address)
    # The account last: a place that is refused already uses up no tries of somebody's account.
    spend((FROM_PLACE, here), (FROM_NEIGHBOURHOOD, around), (AT_ACCOUNT, about))


def count_second_step() -> None:
    """Count a code or a passkey on the way in. Tries at one account are limited where codes are compared.

    Raises guard.LimitReached.
    """
    read_origin = current_origin.get()
    if read_origin is not None:
        spend((SECOND_STEPS_FROM_PLACE, narrow_network(read_origin().address)))


def count_link() -> None:
    """Count a try at a link that came by mail. Raises guard.LimitReached."""
    read_origin = current_origin.get()
    if read_origin is not None:
        spend((LINKS_FROM_PLACE, narrow_network(read_origin().address)))


def count_mail_request() -> None:
    """Count a request that mails some address. What the address itself gets is limited by mail/asked.py.

    Raises guard.LimitReached.
    """
    read_origin = current_origin.get()
    if read_origin is not None:
        address = read_origin().address
        here, around = narrow_network(address), wide_network(address)
        spend((MAILS_FROM_PLACE, here), (MAILS_FROM_NEIGHBOURHOOD, around))
