"""Hide contact data in messages until the two people have booked.

Off by default. `WELLCHAT_MASK=before_booking` switches it on, and needs the extra `masking`. docs/masking.md
says what is found, and what is not.
"""

from importlib.util import find_spec

from flask import Flask

from wellchat.audit.kinds import NOTICE, AuditKind
from wellchat.config import SettingsError
from wellchat.feature import Feature
from wellchat.i18n import N_
from wellchat.masking import cli, showing, updates, writing
from wellchat.masking.api import api
from wellchat.masking.pages import pages
from wellchat.masking.personal_data import personal_data
from wellchat.masking.reading import hidden_among, is_booked
from wellchat.messaging import hooks as messaging
from wellchat.subjects.hooks import subject_put_in_transaction


def _setup(app: Flask) -> None:
    if app.config["MASK"] == "off":
        raise SettingsError("WELLCHAT_FEATURES: masking is switched on by WELLCHAT_MASK=before_booking")
    if find_spec("phonenumbers") is None:
        raise SettingsError(
            "WELLCHAT_MASK: before_booking needs phonenumbers; docs/masking.md says how to install it"
        )
    from phonenumbers import SUPPORTED_REGIONS

    if unknown := [region for region in app.config["REGIONS"] if region not in SUPPORTED_REGIONS]:
        raise SettingsError(
            f"WELLCHAT_REGIONS: there is no region {unknown[0]}; write codes such as DE,FR,GB"
        )
    app.jinja_env.globals["is_booked"] = is_booked


feature = Feature(
    "masking",
    optional=True,
    on_by_default=False,
    personal_data=personal_data,
    blueprints=(api, pages),
    commands=(cli.mask,),
    changes={updates.KIND: updates.load_masks},
    audited={"mask.disputed": AuditKind(N_("Said that something is not contact data"), NOTICE)},
    handlers=(
        (messaging.text_written_in_transaction, writing.mask_text),
        (messaging.hidden_among, hidden_among),
        (subject_put_in_transaction, showing.on_subject_put),
    ),
    tidies=(showing.show_missed,),
    styles=("masking",),
    scripts={"maskCheck": "mask_check"},
    slots={
        "composer_note": "masking/_composer_note.html",
        "own_message_page": "masking/_own_message_page.html",
    },
    setup=_setup,
)
