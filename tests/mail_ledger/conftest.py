from tests.mail.conftest import world

__all__ = ["world"]
