from __future__ import annotations

from tests.mail.conftest import world

__all__ = ["world"]
