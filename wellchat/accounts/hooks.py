"""Name the hooks by which accounts call the features above them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from wellchat.accounts.models import User
from wellchat.feature import Hook

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

profile_changed_in_transaction: Hook[[str], None] = Hook("accounts.profile_changed_in_transaction")
"""(user id): their name, picture or role looks different from now on."""

sign_in_vetoed: Hook[[User], bool] = Hook("accounts.sign_in_vetoed")
"""(user), called after a correct password.

If any handler returns True, sign-in is refused as if the password were wrong.
"""

availability_changed_in_transaction: Hook[[str, datetime], None]
availability_changed_in_transaction = Hook("accounts.availability_changed_in_transaction")
"""(user id, now): they were disabled, enabled or erased."""

notice_at_sign_in: Hook[[User, datetime], str | None] = Hook("accounts.notice_at_sign_in")
"""(user, now) -> a sentence that the person must read when they sign in on a page; None: nothing."""

leads_to_person: Hook[[str], str | None] = Hook("accounts.leads_to_person")
"""(path that a stranger will open once they are in): whom they write to there, by name; None: nobody."""

signed_out: Hook[[User], str | None] = Hook("accounts.signed_out")
"""(user, with the session that has just ended), called at sign-out: the page to show then; None: /sign-in."""


@dataclass(frozen=True)
class Home:
    """An account that another system keeps. `url`: where its person manages it; None if not known."""

    label: str
    url: str | None


kept_elsewhere: Hook[[User], Home | None] = Hook("accounts.kept_elsewhere")
"""(user): where their account is kept. They have no password and change no address here."""


def home_of(user: User) -> Home | None:
    """Return where the account of this person is kept; None: here."""
    return next(filter(None, kept_elsewhere(user)), None)


account_by_external_id: Hook[[str, datetime], User | None] = Hook("accounts.account_by_external_id")
"""(the platform's own id, now): the account of this person; None if there is none. Raises Moved."""

erasure_forbidden: Hook[[str, datetime], str | None] = Hook("accounts.erasure_forbidden")
"""(user id, now) -> why this person must not be erased, a sentence for the operator; None if they may be."""

enabling_forbidden: Hook[[str], str | None] = Hook("accounts.enabling_forbidden")
"""(user id) -> why this account must stay disabled, a sentence for administrators; None if it need not."""

person_erased_in_transaction: Hook[[str, datetime], None] = Hook("accounts.person_erased_in_transaction")
"""(user id, now): every feature has erased what it had of them."""
second_step: Hook[[User, bool, str], Response | None] = Hook("accounts.second_step")
"""(user, remember, path to open then), called on a page once the password, or a link by mail, was right.

A handler that asks for more returns a response, which is sent instead of signing the person in.
"""

program_signs_in: Hook[[User, str, datetime], None] = Hook("accounts.program_signs_in")
"""(user, code, now), called after a correct password for a token.

A handler raises where the code is not enough.
"""

knows_device: Hook[[str], bool] = Hook("accounts.knows_device")
"""(user id), called within a request: whether this person has signed in on the asking device before."""


@dataclass(frozen=True)
class ProofMethod:
    """A way in which a signed-in person shows that it is them, on the page /prove.

    `template` is included there, inside a form of its own that sends `name` as `method`. It has `errors`.
    `check` is given (user, what the form sent, now), and raises Invalid.
    """

    name: str
    template: str
    check: Callable[[User, Mapping[str, str], datetime], None]
    position: int = 100  # the lowest comes first on the page


proof_methods: Hook[[User], Sequence[ProofMethod]] = Hook("accounts.proof_methods")
"""(user): the ways in which this person can show that it is them; empty if the feature has none for them."""


@dataclass(frozen=True)
class SecuritySection:
    """A section of the page Settings, Security. `template` is included there with `data`."""

    template: str
    data: Any
    position: int = 100  # the lowest comes first on the page; the list of sessions has 50


security_sections: Hook[[User, datetime], SecuritySection | None] = Hook("accounts.security_sections")
"""(user, now): what this feature shows there to this person; None for nothing."""
