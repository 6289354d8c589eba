"""Keep the texts that a professional writes often, and put them into a message with names and times."""

from typing import Any

from wellchat.accounts.models import User
from wellchat.audit.kinds import NOTICE, AuditKind
from wellchat.feature import Feature, NavItem
from wellchat.i18n import N_
from wellchat.places import ComposerAction
from wellchat.saved_replies import actions
from wellchat.saved_replies.api import api
from wellchat.saved_replies.forms import SavedReplyForm
from wellchat.saved_replies.pages import OWN_PATH, SITE_PATH, own_pages, site_pages, thread_pages
from wellchat.saved_replies.personal_data import personal_data


def _is_professional(viewer: User) -> bool:
    return viewer.is_professional


def _is_owner(viewer: User) -> bool:
    return viewer.may("settings")


def samples(talk: Any) -> dict[str, Any]:
    """Return a reply of the talk's professional, and bodies of calls, for the tests of who may see what."""
    form = SavedReplyForm(title="Thanks", body="Thank you, {first_name}.")
    reply = actions.make_reply(shelf=talk.paul.id, form=form, now=talk.now)
    return {
        "reply_id": reply.id,
        "/settings/replies/<reply_id>": {"title": "Thanks", "body": "Thank you."},
        "/settings/replies/<reply_id>/move": {"to": "up"},
    }


feature = Feature(
    "saved_replies",
    optional=True,
    blueprints=(own_pages, site_pages, thread_pages, api),
    settings_tabs=(NavItem(OWN_PATH, N_("Saved replies"), visible=_is_professional),),
    oversight_tabs=(NavItem(SITE_PATH, N_("Saved replies"), visible=_is_owner),),
    audited={
        "saved_replies.changed": AuditKind(
            N_("Saved replies of everybody changed"), NOTICE, shown_to_person=False, of_admin=True
        )
    },
    composer_actions=(
        ComposerAction(
            N_("Saved replies"), "saved-reply", "/threads/{thread_id}/saved-replies", _is_professional
        ),
    ),
    icons={
        "saved-reply": '<path d="M4 3.75h12a1.25 1.25 0 0 1 1.25 1.25v7A1.25 1.25 0 0 1 16 13.25H9.5'
        "l-3.75 3v-3H4"
        'A1.25 1.25 0 0 1 2.75 12V5A1.25 1.25 0 0 1 4 3.75z"/><path d="m11.25 6.25-2.5 4.5"/>',
        "up": '<path d="M10 15.5v-11M4.5 9 10 4.5 15.5 9"/>',
    },
    scripts={"savedReplies": "saved_replies"},
    styles=("saved-replies",),
    slots={"composer_note": "saved_replies/_composer_note.html"},
    personal_data=personal_data,
    samples=samples,
)
