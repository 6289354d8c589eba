"""Second factors: authenticator apps, recovery codes and passkeys, at every door and as fresh proof."""

from flask import Flask

from wellchat.accounts.hooks import (
    availability_changed_in_transaction,
    program_signs_in,
    proof_methods,
    second_step,
    security_sections,
)
from wellchat.audit.kinds import FACTOR_RESET, HIGH, INFO, NOTICE, SIGN_IN_FAILED, AuditKind
from wellchat.factors import challenges, checks, resets, tries
from wellchat.factors.cli import reset_factors
from wellchat.factors.pages import gate, links, oversight, prove, settings, sign_in
from wellchat.factors.personal_data import personal_data
from wellchat.feature import Feature, MailType, NavItem
from wellchat.i18n import N_


def _setup(app: Flask) -> None:
    gate.init_app(app)


feature = Feature(
    "factors",
    personal_data=personal_data,
    blueprints=(sign_in.pages, prove.pages, settings.pages, oversight.pages, links.pages),
    subcommands={"user": (reset_factors,)},
    sweeps=(resets.sweep,),
    tidies=(
        lambda now: {"challenges_trimmed": challenges.trim_challenges(now=now)},
        lambda now: {"tries_trimmed": tries.trim_tries(now=now)},
    ),
    mails={
        "factor_added": MailType(N_("Second factor added"), interactive=True),
        "factor_removed": MailType(N_("Second factor removed"), interactive=True),
        "recovery_code_used": MailType(N_("Recovery code used"), interactive=True),
        "factor_reset_asked": MailType(N_("Second factors are to be reset"), interactive=True),
        "factors_reset": MailType(N_("Second factors reset"), interactive=True),
    },
    mail_links={"stop_reset": resets.stop_path},
    audited={
        "factor.added": AuditKind(N_("Second factor added"), NOTICE),
        "factor.removed": AuditKind(N_("Second factor removed"), NOTICE),
        "factors.listed": AuditKind(
            N_("List of second factors opened"), NOTICE, shown_to_person=False, of_admin=True
        ),
        "factor.used": AuditKind(N_("Second factor used"), INFO),
        "factor.refused": AuditKind(N_("Second factor refused"), NOTICE, signal=SIGN_IN_FAILED),
        "factor.codes_made": AuditKind(N_("Recovery codes made"), NOTICE),
        "factor.reset_asked": AuditKind(N_("Reset of second factors asked for"), HIGH, of_admin=True),
        "factor.reset_stopped": AuditKind(N_("Reset of second factors stopped"), HIGH),
        "factor.reset": AuditKind(N_("Second factors reset"), HIGH, of_admin=True, signal=FACTOR_RESET),
    },
    handlers=(
        (second_step, sign_in.ask_second_step),
        (program_signs_in, sign_in.ask_program),
        (availability_changed_in_transaction, resets.stop_of_disabled),
        (proof_methods, prove.by_factor),
        (security_sections, settings.security_section),
    ),
    # Oversight links to its pages; without it administrators find this one here.
    account_menu=(
        NavItem(
            "/oversight/factors", N_("Second factors"), "lock", visible=oversight.looks_without_oversight
        ),
    ),
    oversight_tabs=(NavItem("/oversight/factors", N_("Second factors"), visible=oversight.may_look),),
    scripts={"openToField": "open_to_field", "passkey": "passkey", "printing": "printing"},
    styles=("factors",),
    slots={"sign_in": "factors/_sign_in.html"},
    doctor_checks=(("factors", checks.check),),
    setup=_setup,
)
