"""The security log: who did what, from where, with what outcome. Rows are only added, never changed."""

from flask import Flask

from wellchat.audit import counting, kinds, request_origin, sealing, shipping, trimming
from wellchat.audit.checks import check_log
from wellchat.audit.cli import audit
from wellchat.audit.personal_data import personal_data
from wellchat.feature import Feature


def _setup(app: Flask) -> None:
    request_origin.init_app(app)


feature = Feature(
    "audit",
    personal_data=personal_data,
    audited=kinds.KINDS,
    commands=(audit,),
    sweeps=(counting.write_counts,),
    # After all sweeps: what they have recorded is sealed and goes out in the same run.
    deliveries=(sealing.seal, shipping.ship),
    tidies=(sealing.keep_head, trimming.tidy),
    doctor_checks=(("audit", check_log),),
    setup=_setup,
)
