"""Email: the ledger, which is also the queue; composing a mail; sending it."""

from wellchat.event_types import EventType
from wellchat.feature import Feature, MailType
from wellchat.i18n import N_
from wellchat.mail import actions, metrics, retention, transport
from wellchat.mail.cli import mail
from wellchat.mail.pages import address_refusal, mail_label, pages
from wellchat.mail.personal_data import personal_data
from wellchat.mail.reasons import reason_text
from wellchat.mail.refusals import COMPLAINED

feature = Feature(
    "mail",
    personal_data=personal_data,
    retention=retention.RULES,
    blueprints=(pages,),
    commands=(mail,),
    events={
        "mail.bounced": EventType("A mail to somebody came back for good.", ("user", "mail", "kind")),
    },
    tasks="worker.mail",
    doctor_checks=(("mail", transport.check),),
    metrics=(metrics.measure,),
    deliveries=(actions.sweep,),
    mails={"address_check": MailType(N_("Test of your address"))},
    filters={"mail_label": mail_label, "mail_reason": reason_text},
    context=lambda: {"address_refusal": address_refusal, "complained": COMPLAINED},
)
