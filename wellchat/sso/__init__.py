"""Sign-on: people come with a token that the host signed, or from a provider of OpenID Connect."""

from wellchat.accounts.hooks import kept_elsewhere, proof_methods, signed_out
from wellchat.audit.kinds import HIGH, NOTICE, AuditKind
from wellchat.feature import Feature
from wellchat.i18n import N_
from wellchat.sso import checks, oidc_sessions
from wellchat.sso.cli import sso_key
from wellchat.sso.pages import arrival, host, oidc
from wellchat.sso.people import home_of_person
from wellchat.sso.personal_data import personal_data
from wellchat.sso.proofs import by_home, way_home

feature = Feature(
    "sso",
    personal_data=personal_data,
    blueprints=(host.pages, arrival.pages, oidc.pages),
    commands=(sso_key,),
    tidies=(oidc_sessions.tidy,),
    audited={
        "sso.refused": AuditKind(N_("Sign-on refused"), NOTICE, shown_to_person=False),
        "sso.joined": AuditKind(N_("Account joined by sign-on"), HIGH),
        "sso.person_made": AuditKind(N_("Account made by sign-on")),
        "sso_key.made": AuditKind(N_("Key for sign-on made"), HIGH, shown_to_person=False, of_admin=True),
        "sso_key.ended": AuditKind(N_("Key for sign-on ended"), HIGH, shown_to_person=False, of_admin=True),
    },
    handlers=(
        (kept_elsewhere, home_of_person),
        (proof_methods, by_home),
        (signed_out, oidc.after_sign_out),
    ),
    filters={"way_home": way_home},
    styles=("sso",),
    doctor_checks=(("sign-on", checks.check),),
    slots={"sign_in": "sso/_sign_in.html"},
)
