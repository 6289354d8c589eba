"""Sign-on: people come with a token that the host signed, or from a provider of OpenID Connect."""

from wellchat.audit.kinds import HIGH, AuditKind
from wellchat.feature import Feature
from wellchat.i18n import N_
from wellchat.sso.cli import sso_key

feature = Feature(
    "sso",
    commands=(sso_key,),
    audited={
        "sso_key.made": AuditKind(N_("Key for sign-on made"), HIGH, shown_to_person=False, of_admin=True),
        "sso_key.ended": AuditKind(N_("Key for sign-on ended"), HIGH, shown_to_person=False, of_admin=True),
    },
)
