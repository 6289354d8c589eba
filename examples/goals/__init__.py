"""Goals that a client and a professional set each other. An example: docs/adding-a-feature.md."""

from typing import Any

from examples.goals import actions, queries
from examples.goals.api import api
from examples.goals.pages import pages
from examples.goals.personal_data import personal_data
from wellchat.feature import Feature, NavItem
from wellchat.i18n import N_
from wellchat.notifications.kinds import NotificationKind
from wellchat.places import ComposerAction, ConnectionPanel, SearchSource, ThreadPanel


def samples(talk: Any) -> dict[str, Any]:
    """Return a goal of the talk's two people, and bodies of calls, for the tests of who may see what."""
    goal = actions.set_goal(viewer=talk.paul, thread_id=talk.id, title="Run 5 km", due_on=None, now=talk.now)
    return {
        "goal_id": goal.id,
        "/api/threads/<thread_id>/goals": {"title": "Run 5 km"},
        "/api/goals/<goal_id>": {"done": True},
        "/goals/<goal_id>": {"done": "1"},
    }


feature = Feature(
    "goals",
    optional=True,
    blueprints=(api, pages),
    tasks="examples.goals.tasks",
    sweeps=(actions.sweep,),
    notification_kinds=(
        NotificationKind(
            name="goal",
            label=N_("Goals"),
            title="{actor}",
            group="goal:{thread_id}",
            discreet=N_("News of a goal"),
            about=N_("When one is set, and when one is due."),
        ),
    ),
    navigation=(NavItem("/goals", N_("Goals"), "goal", visible=lambda viewer: not viewer.is_admin),),
    icons={"goal": '<circle cx="10" cy="10" r="6.75"/><circle cx="10" cy="10" r="2.75"/>'},
    scripts={"liveSection": "live_section"},
    thread_panels=(ThreadPanel(N_("Goals"), "goals/_panel.html", queries.beside_thread),),
    connection_panels=(ConnectionPanel(N_("Goals"), "goals/_panel.html", queries.beside_person),),
    composer_actions=(ComposerAction(N_("Set a goal"), "goal", "/threads/{thread_id}/goals"),),
    changes={"goal": queries.load_goals},
    search_sources=(SearchSource(N_("Goals"), queries.find_goals),),
    offline_paths=("/goals",),
    personal_data=personal_data,
    samples=samples,
)
