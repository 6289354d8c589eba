"""Every route that changes something is in the security log, or the table says why it need not be."""

from __future__ import annotations

from flask import Flask

WORDS = "what people say to each other: between the two, and never in the log"
OWN = "how it looks to the person alone"
QUESTION = "a question to the browser; the answer to it is recorded"
MARK = "a mark of reading, which the other person sees anyway"

# Route -> the kinds that it records.
RECORDED = {
    "DELETE /api/tokens/current": ("token.ended",),
    "POST /api/tokens": ("token.made", "session.refused"),
    "DELETE /api/host/users/<ext:ext>/picture": ("host_person.changed",),
    "PATCH /api/host/users/<ext:ext>": ("host_person.renamed",),
    "DELETE /api/host/threads/<thread>/messages/<seq>": ("host_message.removed",),
    "POST /api/host/threads/<thread>/messages": ("host_message.sent",),
    "POST /api/host/users/<ext:ext>/merge": ("host_person.merged", "person.erased"),
    "PUT /api/host/kinds/<kind>": ("subject_kind.put",),
    "PUT /api/host/notification-kinds/<kind>": ("notification_kind.put",),
    "POST /api/host/users/<ext:ext>/disable": ("person.disabled",),
    "POST /api/host/users/<ext:ext>/enable": ("person.enabled",),
    "POST /api/host/users/<ext:ext>/erase": ("erasure.asked", "person.erased"),
    "POST /api/host/users/<ext:ext>/sign-in-links": ("host_person.link_made",),
    "POST /api/host/users/<ext:ext>/sign-out": ("person.signed_out",),
    "POST /oversight/brand": ("brand.changed",),
    "PUT /api/host/trades/<ext:key>": ("trade.changed",),
    "POST /oversight/keys": ("host_key.made",),
    "POST /oversight/keys/<key_id>/end": ("host_key.ended",),
    "POST /oversight/keys/<key_id>/rotate": ("host_key.rotated", "host_key.made"),
    "POST /api/host/imports/<import_id>/open": ("import.opened",),
    "POST /api/host/imports/<import_id>/run": ("import.run",),
    "POST /api/host/imports/<import_id>/undo": ("import.undone",),
    "PUT /api/host/connections": ("connection.ended", "connection.reopened"),
    "PUT /api/host/users/<ext:ext>": ("host_person.made", "host_person.changed", "address.changed"),
    "PUT /api/host/users/<ext:ext>/picture": ("host_person.changed",),
    "POST /confirm-address/<token>": ("address.changed",),
    "POST /forgot-password": ("password.reset_asked",),
    "POST /keep-account/<token>": ("erasure.cancelled",),
    "POST /not-me/<token>": ("device.denied",),
    "POST /oversight/audit/export": ("audit.exported",),
    "POST /oversight/emails/<mail_id>/resend": ("mails.resent",),
    "POST /oversight/factors/<user_id>/reset": ("factor.reset_asked",),
    "POST /oversight/looks/<grant_id>/approve": ("look.approved",),
    "POST /oversight/looks/<grant_id>/end": ("look.ended",),
    "POST /oversight/searches": ("oversight.searched",),
    "POST /oversight/threads/<thread_id>/looks": ("look.asked", "look.opened"),
    "POST /prove": ("proof.refused",),
    "POST /reset-password/<token>": ("password.changed",),
    "POST /settings/address": ("address.change_asked",),
    "POST /settings/password": ("password.changed",),
    "POST /settings/privacy/erase": ("erasure.asked",),
    "POST /settings/privacy/export": ("export.asked",),
    "POST /settings/privacy/keep": ("erasure.cancelled",),
    "POST /settings/security/sessions/<session_id>/end": ("session.ended",),
    "POST /settings/security/sessions/end-others": ("session.ended",),
    "POST /settings/security/factors/app": ("factor.added",),
    "POST /settings/security/factors/app/remove": ("factor.removed",),
    "POST /settings/security/factors/codes": ("factor.codes_made",),
    "POST /settings/security/factors/passkey": ("factor.added",),
    "POST /settings/security/factors/passkeys/<passkey_id>/remove": ("factor.removed",),
    "POST /settings/security/factors/reset/stop": ("factor.reset_stopped",),
    "POST /settings/tokens": ("token.made",),
    "POST /settings/tokens/<token_id>/revoke": ("token.ended",),
    "DELETE /api/threads/<thread_id>/block": ("block.undone",),
    "DELETE /api/portfolio/asks/<ask_id>/pictures/<attachment_id>": ("portfolio.revoked",),
    "POST /api/threads/<thread_id>/portfolio/asks": ("portfolio.asked",),
    "POST /portfolio/asks/<ask_id>": ("portfolio.answered", "portfolio.revoked"),
    "POST /portfolio/asks/<ask_id>/revoke": ("portfolio.revoked",),
    "POST /portfolio/page": ("portfolio.page_opened", "portfolio.page_closed"),
    "POST /threads/<thread_id>/portfolio": ("portfolio.asked",),
    "PUT /api/portfolio/asks/<ask_id>": ("portfolio.answered", "portfolio.revoked"),
    "DELETE /api/threads/<thread_id>/end": ("connection.reopened",),
    "POST /api/threads/<thread_id>/reports": ("report.made",),
    "POST /oversight/people": ("people.searched",),
    "POST /oversight/people/<user_id>": (
        *("person.disabled", "person.enabled", "person.signed_out", "person.role_changed"),
    ),
    "POST /oversight/reports/<report_id>/reopen": ("connection.reopened",),
    "POST /oversight/reports/<report_id>/settle": ("report.settled",),
    "POST /threads/<thread_id>/block": ("block.made",),
    "POST /threads/<thread_id>/end": ("connection.ended",),
    "POST /threads/<thread_id>/reopen": ("connection.reopened",),
    "POST /threads/<thread_id>/report": ("report.made",),
    "POST /threads/<thread_id>/unblock": ("block.undone",),
    "PUT /api/threads/<thread_id>/block": ("block.made",),
    "PUT /api/threads/<thread_id>/end": ("connection.ended",),
    "POST /sign-in": ("session.started", "session.refused"),
    "POST /sign-in/passkey": ("session.started", "factor.refused"),
    "POST /sign-in/second": ("session.started", "factor.refused"),
    "POST /sign-in/second/passkey": ("session.started", "factor.refused"),
    "POST /sign-out": ("session.ended",),
    "POST /sso": ("sso.refused", "sso.person_made", "sso.joined"),
    "POST /sso/arrive": ("session.started", "session.ended", "sso.refused"),
    "POST /oidc/<name>/backchannel-logout": ("session.ended", "sso.refused"),
    "POST /stop-reset/<token>": ("factor.reset_stopped",),
    "POST /undo-address/<token>": ("address.restored",),
}
LOOKING = "it only reads; what is looked for is posted, so that it stands in no address"

# Route -> why it needs no row. Refusals and limits of all of them are counted all the same.
NOT_RECORDED = {
    "POST /threads/<thread_id>/portfolio/labels": "labels that only their author sees",
    "PUT /api/portfolio/pictures/<attachment_id>": "the same",
    "DELETE /api/attachments/<attachment_id>": WORDS,
    "DELETE /api/push/devices": OWN,
    "DELETE /api/threads/<thread_id>/messages/<int:seq>": WORDS,
    "DELETE /api/threads/<thread_id>/messages/<int:seq>/pin": WORDS,
    "DELETE /api/threads/<thread_id>/messages/<int:seq>/reactions/<emoji>": WORDS,
    "PATCH /api/notifications": MARK,
    "PATCH /api/preferences": OWN,
    "PATCH /api/threads/<thread_id>/membership": OWN,
    "PATCH /api/threads/<thread_id>/messages/<int:seq>": WORDS,
    "POST /": LOOKING,
    "POST /api/attachments": WORDS,
    "POST /api/push/devices": OWN,
    "POST /api/search": LOOKING,
    "POST /api/threads": WORDS,
    "POST /api/threads/<thread_id>/messages": WORDS,
    "DELETE /api/host/subjects/<kind>/<ext:ext>": "the platform's own things, which it knows itself",
    "POST /api/host/notifications": "what it told whom stands in the bell and in the ledger of emails",
    "PUT /api/host/threads": "an empty conversation of two people whom the platform connects",
    "POST /api/host/batch": "each of its operations is recorded as itself",
    "POST /api/host/imports": "nothing is made before its run",
    "POST /api/host/imports/<import_id>/check": "nothing is made before its run",
    "PUT /api/host/imports/<import_id>/files/<ext:path>": "nothing is made before its run",
    "PUT /api/host/imports/<import_id>/lines": "nothing is made before its run",
    "PUT /api/host/subjects/<kind>/<ext:ext>": "the platform's own things, which it knows itself",
    "POST /become/<user_id>": "people of the demo, who are nobody",
    "POST /invite": "their own page; its row has the moment",
    "POST /invited/<token>": "the invitation is recorded, and the account has the moment when it was made",
    "POST /notifications/read": MARK,
    "POST /oversight/audit": LOOKING,
    "POST /oversight/emails": LOOKING,
    "POST /oversight/reports/<report_id>/take": "the report has who took it, and when",
    "POST /prove/passkey/options": QUESTION,
    "POST /reports": "what browsers report of a page's policy; nobody is signed in",
    "POST /search": LOOKING,
    "POST /settings": OWN,
    "POST /settings/address/try-again": "the ledger of emails has the mail that it sends",
    "POST /settings/avatar": OWN,
    "POST /settings/avatar/remove": OWN,
    "POST /settings/devices/<device_id>": OWN,
    "POST /settings/devices/<device_id>/remove": OWN,
    "POST /settings/notifications": OWN,
    "POST /settings/notifications/test": "the ledger of emails has the mail that it sends",
    "POST /settings/security/factors/passkey/options": QUESTION,
    "POST /settings/security/factors/passkeys/<passkey_id>": OWN,
    "POST /sign-in/passkey/options": QUESTION,
    "POST /sign-up": "the account has the moment when it was made, and signing in is recorded",
    "POST /subjects/<subject_id>/claim": "the subject has who claimed it",
    "POST /threads": WORDS,
    "POST /threads/<thread_id>/membership": OWN,
    "POST /threads/<thread_id>/messages": WORDS,
    "POST /threads/<thread_id>/messages/<int:seq>": WORDS,
    "POST /threads/<thread_id>/messages/<int:seq>/delete": WORDS,
    "POST /threads/<thread_id>/messages/<int:seq>/pin": WORDS,
    "POST /threads/<thread_id>/messages/<int:seq>/reactions": WORDS,
    "POST /threads/<thread_id>/read": MARK,
    "POST /threads/<thread_id>/unread": MARK,
    "POST /unsubscribe/<token>": OWN,
    "POST /verify/<token>": "the account has the moment, and signing in is recorded",
    "POST /with/<public_name>/write": WORDS,
    "PUT /api/threads/<thread_id>/messages/<int:seq>/pin": WORDS,
    "PUT /api/threads/<thread_id>/messages/<int:seq>/reactions/<emoji>": WORDS,
    "PUT /api/threads/<thread_id>/read": MARK,
    "PUT /api/threads/<thread_id>/typing": MARK,
    "PUT /api/threads/<thread_id>/unread": MARK,
    "PUT /api/time-zone": OWN,
}


def unsafe_routes(app: Flask) -> set[str]:
    return {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
    }


def test_every_route_that_changes_something_has_its_kind_or_a_reason(app: Flask) -> None:
    missing = unsafe_routes(app) - set(RECORDED) - set(NOT_RECORDED)
    assert sorted(missing) == [], "name the kind that they record in RECORDED, or the reason in NOT_RECORDED"
    assert sorted({*RECORDED, *NOT_RECORDED} - unsafe_routes(app)) == [], "these routes are gone"
    assert not set(RECORDED) & set(NOT_RECORDED)


def test_the_kinds_in_the_table_are_declared(app: Flask) -> None:
    declared = app.extensions["features"].audited
    assert {kind for kinds in RECORDED.values() for kind in kinds} <= set(declared)
