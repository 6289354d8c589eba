"""The security log: who did what, from where, with what outcome. Rows are only added, never changed."""

from flask import Flask

from wellchat.audit import kinds, request_origin
from wellchat.audit.personal_data import personal_data
from wellchat.feature import Feature


def _setup(app: Flask) -> None:
    request_origin.init_app(app)


feature = Feature("audit", personal_data=personal_data, audited=kinds.KINDS, setup=_setup)
