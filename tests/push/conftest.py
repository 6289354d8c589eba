from tests.mail.conftest import world
from tests.push.service import devices, push_service

__all__ = ["devices", "push_service", "world"]
