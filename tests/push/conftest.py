from tests.mail.conftest import world
from tests.push.push_service import devices, push_service

__all__ = ["devices", "push_service", "world"]
