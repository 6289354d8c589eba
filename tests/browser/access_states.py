"""Every page, and every state of one that a script or a mistake brings.

Who looks, where, and what they do there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

# Address of each page, from what tests/browser/everything.py put in; by whom it is looked at.
PAGES: dict[str, tuple[str | None, Callable[[Any], str]]] = {
    "/": ("cara", lambda f: "/"),
    "/api/docs": (None, lambda f: "/api/docs"),
    "/confirm-address/<token>": (None, lambda f: f"/confirm-address/{f.new_address}"),
    "/demo": ("cara", lambda f: "/demo"),
    "/forgot-password": (None, lambda f: "/forgot-password"),
    "/new": ("cara", lambda f: "/new"),
    "/people/<person_id>/journey": ("paul", lambda f: f"/people/{f.client}/journey"),
    "/people/<person_id>/notes": ("paul", lambda f: f"/people/{f.client}/notes"),
    "/tags": ("paul", lambda f: "/tags"),
    "/not-me/<token>": (None, lambda f: f"/not-me/{f.not_me}"),
    "/notifications": ("cara", lambda f: "/notifications"),
    "/offline": (None, lambda f: "/offline"),
    "/outbox": ("cara", lambda f: "/outbox"),
    "/outbox/<mail_id>": ("cara", lambda f: f"/outbox/{f.mail}"),
    "/oversight": ("ada", lambda f: "/oversight"),
    "/oversight/audit": ("ada", lambda f: "/oversight/audit"),
    "/oversight/brand": ("ada", lambda f: "/oversight/brand"),
    "/oversight/health": ("ada", lambda f: "/oversight/health"),
    "/oversight/brand/mails": ("ada", lambda f: "/oversight/brand/mails?kind=digest"),
    "/oversight/flags": ("ada", lambda f: "/oversight/flags"),
    "/oversight/flags/<flag>": ("ada", lambda f: "/oversight/flags/send_later"),
    "/oversight/emails": ("ada", lambda f: "/oversight/emails"),
    "/figures": ("paul", lambda f: "/figures?preset=7"),
    "/figures/with/<user_id>": ("paul", lambda f: f"/figures/with/{f.client}"),
    "/oversight/figures": ("ada", lambda f: "/oversight/figures"),
    "/oversight/patterns": ("ada", lambda f: "/oversight/patterns"),
    "/oversight/first-steps": ("ada", lambda f: "/oversight/first-steps"),
    "/oversight/factors": ("ada", lambda f: "/oversight/factors"),
    "/oversight/keys": ("ada", lambda f: "/oversight/keys"),
    "/api/host/docs": (None, lambda f: "/api/host/docs"),
    "/oversight/looks/<grant_id>": ("ada", lambda f: f"/oversight/looks/{f.grant}"),
    "/oversight/people": ("ada", lambda f: "/oversight/people"),
    "/oversight/people/<user_id>": ("ada", lambda f: f"/oversight/people/{f.person}"),
    "/oversight/reports": ("ada", lambda f: "/oversight/reports"),
    "/oversight/reports/<report_id>": ("ada", lambda f: f"/oversight/reports/{f.report}"),
    "/oversight/quality": ("ada", lambda f: "/oversight/quality"),
    "/oversight/searches/<search_id>": ("ada", lambda f: f"/oversight/searches/{f.looked_for}"),
    "/invite": ("paul", lambda f: "/invite"),
    "/with/<public_name>": (None, lambda f: f"/with/{f.public_name}"),
    "/with/<public_name>/write": ("cara", lambda f: f"/with/{f.public_name}/write"),
    "/keep-account/<token>": (None, lambda f: "/keep-account/nonsense"),
    "/privacy": (None, lambda f: "/privacy"),
    "/people/<user_id>": ("cara", lambda f: f"/people/{f.person}"),
    "/prove": ("cara", lambda f: "/prove?next=/settings"),
    "/reset-password/<token>": (None, lambda f: f"/reset-password/{f.reset}"),
    "/search": ("cara", lambda f: "/search?q=thursday"),
    "/settings": ("cara", lambda f: "/settings"),
    "/settings/activity": ("cara", lambda f: "/settings/activity"),
    "/settings/devices": ("cara", lambda f: "/settings/devices"),
    "/settings/emails": ("cara", lambda f: "/settings/emails"),
    "/settings/security/factors": ("olga", lambda f: "/settings/security/factors"),
    "/stop-reset/<token>": (None, lambda f: f.stop_reset),
    "/settings/notifications": ("cara", lambda f: "/settings/notifications"),
    "/settings/privacy": ("cara", lambda f: "/settings/privacy"),
    "/settings/notifications/preview": ("cara", lambda f: "/settings/notifications/preview"),
    "/settings/automatic": ("paul", lambda f: "/settings/automatic"),
    "/settings/replies": ("paul", lambda f: "/settings/replies"),
    "/settings/replies/<reply_id>": ("paul", lambda f: f"/settings/replies/{f.reply}"),
    "/oversight/replies": ("ada", lambda f: "/oversight/replies"),
    "/oversight/replies/<reply_id>": ("ada", lambda f: f"/oversight/replies/{f.site_reply}"),
    "/threads/<thread_id>/saved-replies": ("paul", lambda f: f"{f.thread}/saved-replies"),
    "/settings/security": ("cara", lambda f: "/settings/security"),
    "/sign-in": (None, lambda f: "/sign-in"),
    "/sign-up": (None, lambda f: "/sign-up"),
    "/subjects/<subject_id>": ("cara", lambda f: f"/subjects/{f.subject}"),
    "/threads/<thread_id>": ("cara", lambda f: f.thread),
    "/scheduled": ("cara", lambda f: "/scheduled"),
    "/scheduled/<scheduled_id>": ("cara", lambda f: f"/scheduled/{f.scheduled}"),
    "/threads/<thread_id>/scheduled": ("cara", lambda f: f"{f.thread}/scheduled"),
    "/reminders": ("cara", lambda f: "/reminders"),
    "/reminders/<follow_up_id>": ("cara", lambda f: f"/reminders/{f.reminder}"),
    "/threads/<thread_id>/reminders": ("cara", lambda f: f"{f.thread}/reminders"),
    "/check-ins": ("paul", lambda f: "/check-ins"),
    "/check-ins/rules/new": ("paul", lambda f: "/check-ins/rules/new"),
    "/check-ins/rules/<rule_id>": ("paul", lambda f: f"/check-ins/rules/{f.rule}"),
    "/threads/<thread_id>/check-ins": ("cara", lambda f: f"{f.thread}/check-ins"),
    "/threads/<thread_id>/block": ("cara", lambda f: f"{f.thread}/block"),
    "/threads/<thread_id>/end": ("cara", lambda f: f"{f.thread}/end"),
    "/threads/<thread_id>/report": ("cara", lambda f: f"{f.thread}/report?seq=2"),
    "/gallery/<address>": (None, lambda f: f"/gallery/{f.portfolio}"),
    "/portfolio": ("paul", lambda f: "/portfolio"),
    "/settings/pictures": ("cara", lambda f: "/settings/pictures"),
    "/threads/<thread_id>/portfolio": ("paul", lambda f: f"{f.thread}/portfolio"),
    "/threads/<thread_id>/files": ("cara", lambda f: f"{f.thread}/files"),
    "/threads/<thread_id>/messages/<int:seq>": ("cara", lambda f: f"{f.thread}/messages/7"),
    "/undo-address/<token>": (None, lambda f: f"/undo-address/{f.old_address}"),
    "/check-ins/no/<token>": (None, lambda f: f"/check-ins/no/{f.refusal}"),
    "/unsubscribe/<token>": (None, lambda f: f"/unsubscribe/{f.unsubscribe}"),
    "/verify/<token>": (None, lambda f: "/verify/nonsense"),
    "/invited/<token>": (None, lambda f: "/invited/nonsense"),
}

# No page of ours, each with the reason.
NO_PAGE = {
    "/sign-in/second": "test_factors.py looks at it, after the password",
    "/sso": "a form's target, and words for a token in an address",
    "/sso/start": "leads to the platform",
    "/sso/arrive": "test_sign_on.py looks at it, with somebody else signed in",
    "/oidc/<name>/start": "leads to the provider",
    "/oidc/<name>/callback": "leads on",
    "/oidc/<name>/sign-out": "leads to the provider",
    "/oidc/<name>/signed-out": "test_sign_on.py looks at it",
    "/settings/security/factors/app": "test_factors.py looks at it, after a fresh proof",
    "/settings/security/factors/passkey": "the same",
    "/assets/<version>/<path:filename>": "a file",
    "/brand/logo": "a file",
    "/figures/csv": "a file",
    "/oversight/figures/csv": "a file",
    "/static/<path:filename>": "a file",
    "/sw.js": "a file",
    "/.well-known/security.txt": "a file",
    "/.well-known/change-password": "leads on to the settings",
    "/manifest.webmanifest": "a file",
    "/icons/<name>.png": "a file",
    "/attachments/<attachment_id>/<name>": "a file",
    "/attachments/<attachment_id>/thumbnail": "a file",
    "/oversight/looks/<grant_id>/attachments/<attachment_id>/<name>": "a file",
    "/oversight/looks/<grant_id>/attachments/<attachment_id>/thumbnail": "a file",
    "/people/<user_id>/avatar": "a file",
    "/with/<public_name>/picture": "a file",
    "/gallery/<address>/<public_id>": "a file",
    "/gallery/<address>/<public_id>/small": "a file",
    "/settings/privacy/exports/<export_id>": "a file",
    "/threads/<thread_id>/download": "a file",
    "/chat/<thread_id>": "leads on to the thread",
    "/outbox/<mail_id>/html": "a mail, in the frame of its page, which axe enters",
    "/oversight/brand/mails/html": "a mail, in the frame of its page, which axe enters",
    "/settings/notifications/preview/html": "a mail, in the frame of its page, which axe enters",
    "/sign-in/link/<token>": "leads on, or says that the link works no longer",
    "/settings/replies/export": "a file",
    "/oversight/replies/export": "a file",
    "/healthz": "for machines",
    "/readyz": "for machines",
    "/metrics": "for machines",
}


@dataclass(frozen=True)
class State:
    """`act` brings it about; `size`: "wide" or "narrow" where only one of the two has it."""

    where: Callable[[Any], str]
    act: Callable[[Page], Any] = lambda page: None
    who: str | None = "cara"
    size: str | None = None


def here(selector: str) -> Callable[[Page], Any]:
    def wait(page: Page) -> None:
        page.locator(selector).first.wait_for()

    return wait


def key_on_a_row(key: str, shown: str) -> Callable[[Page], Any]:
    """Press a key of the inbox on its first row."""

    def act(page: Page) -> None:
        page.locator('[data-action="row-menu"]:not([hidden])').first.wait_for(state="attached")
        page.locator(".conversation a").first.focus()
        page.keyboard.press(key)
        page.locator(shown).wait_for()

    return act


def press(selector: str, shown: str) -> Callable[[Page], Any]:
    def act(page: Page) -> None:
        page.locator(selector).first.click()
        page.locator(shown).first.wait_for()

    return act


def message_menu(page: Page) -> None:
    page.locator('.message--mine[data-seq="7"]').hover()
    page.locator('[data-seq="7"] [data-part="more"]').click()
    page.locator("#message-menu").wait_for()


def from_menu(choice: str, shown: str) -> Callable[[Page], Any]:
    def act(page: Page) -> None:
        message_menu(page)
        page.locator(f'#message-menu [data-do="{choice}"]').click()
        page.locator(shown).first.wait_for()

    return act


def people_found(page: Page) -> None:
    page.get_by_label("Email address, or a part of the name").fill("ca")
    page.get_by_label("Case number or reason").fill("Ticket 4711")
    page.get_by_role("button", name="Search", exact=True).last.click()
    page.get_by_role("list", name="People found").wait_for()


def row_menu(page: Page) -> None:
    page.locator(".conversation").first.hover()
    page.locator('[data-action="row-menu"]').first.click()
    page.locator("#row-menu").wait_for()


def shortcuts(page: Page) -> None:
    page.locator("h1").first.wait_for()
    page.keyboard.press("?")
    page.locator('[data-part="shortcuts"][open]').wait_for()


def palette(words: str) -> Callable[[Page], Any]:
    def act(page: Page) -> None:
        page.locator(".topbar__search").click()
        page.locator(".palette").wait_for()
        page.keyboard.type(words)
        page.locator(
            ".palette [role=option]" if words != "zzzz" else ".palette__state:not(:empty)"
        ).first.wait_for()

    return act


def failed(page: Page) -> None:
    page.route(
        "**/api/threads/*/messages",
        lambda route: route.fulfill(status=422, json={"title": "no", "detail": "No."}),
    )
    page.locator(".composer__field").fill("This will not go")
    page.locator(".composer__send").click()
    page.locator('[data-part="failure"]:visible').first.wait_for()


def refused_reaction(page: Page) -> None:
    page.route(
        "**/reactions/*", lambda route: route.fulfill(status=422, json={"title": "no", "detail": "No."})
    )
    message_menu(page)
    page.locator("#message-menu .menu__react").first.click()
    page.locator(".message__problem").wait_for()


def slow_picture(page: Page) -> None:
    page.route(re.compile(r"/attachments/\w+/[^/]+\.(png|jpg)$"), lambda route: None)
    page.locator('.message [data-action="lightbox"]').first.click()
    page.locator(".lightbox__image--coming").wait_for()


def cut_off(page: Page) -> None:
    page.context.set_offline(True)
    page.locator(".composer__field").fill("Are you there?")
    page.locator(".composer__send").click()
    page.locator(".connection:not(:empty)").wait_for(timeout=20_000)


def written(text: str, shown: str) -> Callable[[Page], Any]:
    def act(page: Page) -> None:
        page.locator(".composer__field").press_sequentially(text)
        page.locator(shown).first.wait_for()

    return act


def browse_replies(page: Page) -> None:
    page.locator(".composer__more").click()
    page.locator('#composer-menu a[href$="/saved-replies"]').click()
    page.locator("#saved-replies [role=option]").first.wait_for()


def refused_reply(page: Page) -> None:
    page.get_by_label("Title").fill("x")
    page.get_by_label("Text").fill("Hi {nobody}")
    page.get_by_role("button", name="Save").click()
    page.locator("#body-error").wait_for()


def put_in(page: Page) -> None:
    page.get_by_role("button", name="See you").click()
    page.get_by_role("button", name="Send", exact=True).wait_for()


def chosen(name: str, content: bytes, shown: str) -> Callable[[Page], Any]:
    def act(page: Page) -> None:
        page.locator('[data-part="picker"]').set_input_files(
            [{"name": name, "mimeType": "", "buffer": content}]
        )
        page.locator(shown).first.wait_for()

    return act


def refused_form(*fill: tuple[str, str]) -> Callable[[Page], Any]:
    """Sent past the browser's own checks, so that ours speak."""

    def act(page: Page) -> None:
        for name, value in fill:
            page.locator(f"main [name={name}]").first.fill(value)
        form = page.locator("main form[method=post]").first
        form.evaluate("(form) => { form.noValidate = true; form.requestSubmit(); }")
        page.locator(".field__error, [role=alert]").first.wait_for()

    return act


def filter_calls(page: Page) -> None:
    """By keyboard alone: into the field, two words, and the calls that have both are left."""
    field = page.get_by_label("Filter calls")
    field.focus()
    page.keyboard.type("PUT at most 50")
    page.get_by_text(re.compile(r"^\d+ found")).wait_for()
    assert page.locator("#pin_message").is_visible()
    assert not page.locator("#send_message").is_visible()
    page.evaluate("location.hash = 'send_message'")  # a link to what is hidden shows it
    page.locator("#send_message").wait_for()
    field.fill("change_preferences")
    page.get_by_text("1 found").wait_for()


def send_later(page: Page) -> None:
    page.locator(".composer__field").fill("See you!")
    page.locator(".composer__later").click()
    page.locator("#later-menu").wait_for()


STATES: dict[str, State] = {
    "send later": State(lambda f: f.thread, send_later),
    "a time for a message": State(
        lambda f: f.thread,
        lambda page: (
            send_later(page),
            page.get_by_role("button", name="Choose a time…").click(),
            page.get_by_label("Day and time").wait_for(),
        ),
    ),
    "nothing waits": State(lambda f: f"{f.silent}/scheduled"),
    "no reminders": State(lambda f: "/reminders", who="paul"),
    "check-ins, for the professional": State(lambda f: f"{f.thread}/check-ins", who="paul"),
    "calls found": State(lambda f: "/api/docs", filter_calls, who=None, size="wide"),
    "a closed conversation": State(lambda f: f.ended, here(".composer--closed")),
    "a blocked conversation": State(lambda f: f.blocked, here(".composer--closed"), who="paul"),
    "a report's receipt": State(lambda f: f"{f.thread}/report?sent=unsafe"),
    "people found": State(lambda f: "/oversight/people", people_found, who="ada"),
    "the inbox of nobody": State(lambda f: "/", who="olga"),
    "who waits, by priority": State(lambda f: "/?waiting=1&sort=priority", who="paul"),
    "the name of a filter": State(
        lambda f: "/?unread=1",
        press('[popovertarget="save-filter"]', "#save-filter:popover-open"),
        who="paul",
    ),
    "conversations about coupons": State(lambda f: "/?kind=coupon", who="paul"),
    "a conversation is selected": State(
        lambda f: "/", key_on_a_row("x", '[data-part="bulk"]:not([hidden])'), who="paul"
    ),
    "an act that can be undone": State(
        lambda f: "/", key_on_a_row("u", '[data-part="toast"]:not([hidden])'), who="paul"
    ),
    "the acts of a row": State(lambda f: "/", key_on_a_row(".", "#row-menu:popover-open"), who="paul"),
    "nothing found in the inbox": State(lambda f: "/?q=zzzz"),
    "nothing archived": State(lambda f: "/?archived=1"),
    "nothing snoozed": State(lambda f: "/?snoozed=1"),
    "waiting on me": State(lambda f: "/?waiting=1"),
    "unread": State(lambda f: "/?unread=1"),
    "no notifications": State(lambda f: "/notifications", who="olga"),
    "nobody to write to": State(lambda f: "/new", who="olga"),
    "no mails": State(lambda f: "/settings/emails", who="olga"),
    "search, not begun": State(lambda f: "/search"),
    "search, nothing found": State(lambda f: "/search?q=zzzzzz"),
    "search, by day": State(lambda f: "/search?q=a&from=2020-01-01"),
    "a thread without messages": State(lambda f: f.silent),
    "a thread of long names and words": State(lambda f: f.long),
    "a day in a thread": State(lambda f: f"{f.thread}?date=2026-01-01"),
    "no such page": State(lambda f: "/no/such/page"),
    "a bad filter": State(lambda f: "/?before=nonsense"),
    "a lead's page": State(lambda f: f"/subjects/{f.lead}"),
    "no files": State(lambda f: f"{f.silent}/files"),
    "the page of another's message": State(lambda f: f"{f.thread}/messages/2"),
    "account menu": State(lambda f: "/", press(".topbar__account", "#account-menu")),
    "notification menu": State(
        lambda f: "/",
        press('[popovertarget="notification-menu"]', "#notification-menu .notification-menu__list li"),
    ),
    "notification menu, empty": State(
        lambda f: "/",
        press('[popovertarget="notification-menu"]', '#notification-menu [data-part="empty"]'),
        who="olga",
    ),
    "row menu": State(lambda f: "/", row_menu),
    "shortcuts": State(lambda f: "/", shortcuts, size="wide"),
    "palette": State(lambda f: "/", palette("pau")),
    "palette, nothing found": State(lambda f: "/", palette("zzzz")),
    "thread menu": State(lambda f: f.thread, press(".thread__menu", "#thread-menu")),
    "message menu": State(lambda f: f.thread, message_menu),
    "delete?": State(lambda f: f.thread, from_menu("delete", "dialog.confirm")),
    "editing": State(lambda f: f.thread, from_menu("edit", ".editor")),
    "a reply": State(lambda f: f.thread, from_menu("reply", '[data-part="reply-banner"]')),
    "emoji board": State(lambda f: f.thread, press(".composer__emoji", ".board__grid button"), size="wide"),
    "emoji by name": State(lambda f: f.thread, written("hello :hea", "#emoji-suggestions [role=option]")),
    "saved replies by /": State(
        lambda f: f.thread, written("/th", "#saved-replies [role=option]"), who="paul"
    ),
    "saved replies from the menu": State(lambda f: f.thread, browse_replies, who="paul"),
    "a saved reply to send": State(lambda f: f"{f.thread}/saved-replies", put_in, who="paul"),
    "outside office hours": State(lambda f: f.silent, here('[data-part="away"]:visible')),
    "hours refused": State(
        lambda f: "/settings/automatic",
        refused_form(("d0a_from", "10:00"), ("off0_to", "2001-01-01")),
        "paul",
    ),
    "saved reply refused": State(lambda f: "/settings/replies", refused_reply, "paul"),
    "lightbox": State(lambda f: f.thread, press('.message [data-action="lightbox"]', ".lightbox__image")),
    "a picture on its way": State(lambda f: f.thread, slow_picture),
    "filters that combine": State(lambda f: "/?unread=1&waiting=1", here(".chip--clear")),
    "filters that nothing fits": State(
        lambda f: "/?unread=1&waiting=1&kind=coupon&archived=1", here(".chip--on")
    ),
    "a reaction that was refused": State(lambda f: f.thread, refused_reaction),
    "details on a phone": State(
        lambda f: f.thread,
        lambda page: (
            page.locator(".thread__menu").click(),
            page.locator('#thread-menu [data-action="panel"]').click(),
            page.locator("#details").wait_for(),
        ),
        size="narrow",
    ),
    "a failed message": State(lambda f: f.thread, failed),
    "no network": State(lambda f: f.thread, cut_off),
    "a file to send": State(lambda f: f.thread, chosen("notes.txt", b"one two three", ".upload-list__row")),
    "a refused file": State(
        lambda f: f.thread, chosen("bad.exe", b"MZ\x00\x00", ".upload-list__row--failed")
    ),
    "sign-in refused": State(
        lambda f: "/sign-in", refused_form(("email", "x@example.com"), ("password", "wrong")), None
    ),
    "sign-up refused": State(
        lambda f: "/sign-up", refused_form(("email", "nonsense"), ("password", "x")), None
    ),
    "settings refused": State(lambda f: "/settings", refused_form(("name", " "))),
}
