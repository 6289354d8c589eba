"""The checker: does a recorded history keep every promise of the product?

It knows nothing of how the server works, only what was asked, what was answered, and when. Each rule is one
function; each finding says which promise was broken and shows the calls that break it.
"""

from __future__ import annotations

from tests.history import looking, standing
from tests.history.findings import Violation
from tests.history.following import Followed
from tests.history.knowing import Known
from tests.history.recording import History


def check(
    history: History,
    *,
    faults: bool = False,
    late: float | None = None,
    grace: float = 0.0,
    may_expire: bool = False,
) -> list[Violation]:
    """Every broken promise of a finished history; none in a correct one.

    `faults`: 503 and silence are legal answers. `late`: seconds after which a hanging poll should have
    brought what was acknowledged. `grace`: seconds for which "nothing new" may be said though there is.
    `may_expire`: logs were trimmed meanwhile, so that 410 is legal.
    """
    return Checker(history, faults=faults, late=late, grace=grace, may_expire=may_expire).check()


class Checker:
    def __init__(
        self,
        history: History,
        *,
        faults: bool = False,
        late: float | None = None,
        grace: float = 0.0,
        may_expire: bool = False,
    ) -> None:
        self.history, self.faults, self.late = history, faults, late
        self.grace, self.may_expire = grace, may_expire
        self.behind: list[float] = []  # by how many seconds polls that said "nothing new" were behind

    def check(self) -> list[Violation]:
        known = Known(self.history)
        looking.answers(known, faults=self.faults, may_expire=self.may_expire)
        standing.opening(known)
        standing.sending(known)
        standing.contents(known)
        standing.watermarks(known)
        looking.growing(known)
        looking.marks(known)
        looking.texts(known)
        for device, calls in self.history.by_device().items():
            followed = Followed(known, device, calls, late=self.late, grace=self.grace)
            followed.check()
            self.behind += followed.behind
        return known.found
