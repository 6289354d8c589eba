"""What tests of the security log's pages and rules share."""

from tests.audit.conftest import tamper, written

__all__ = ["tamper", "written"]
