"""The pages of goals: all of the viewer's, and those of one thread with a form."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from examples.goals import actions, queries
from examples.goals.forms import ChangeGoal, SetGoal
from wellchat import clock
from wellchat.errors import Invalid
from wellchat.forms import read_form
from wellchat.messaging.pages.inbox import badges
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("goals", __name__, template_folder="templates")


@pages.get("/goals")
@signed_in
def goals() -> str:
    """Show all goals of the viewer."""
    shown = badges()  # reads the cursor before the goals
    data = {"goals": [queries.goal_json(goal) for goal in queries.my_goals(viewer())], "path": "/goals"}
    return render_template("goals/index.html", data=data, **shown)


@pages.get("/threads/<thread_id>/goals")
@signed_in
def of_thread(thread_id: str) -> str:
    """Show the goals of a thread's two people, and the form that sets one."""
    return _page_of_thread(thread_id)


def _page_of_thread(thread_id: str, errors: dict[str, str] | None = None) -> str:
    shown = badges()
    connection = queries.connection_of_thread(viewer(), thread_id)
    goals = [queries.goal_json(goal) for goal in queries.goals_of(viewer(), connection)]
    data = {"goals": goals, "path": f"/threads/{thread_id}/goals"}
    return render_template(
        "goals/index.html", data=data, thread_id=thread_id, form=request.form, errors=errors or {}, **shown
    )


@pages.post("/threads/<thread_id>/goals")
@signed_in
@limiter.limit("30/minute")
def post_goal(thread_id: str) -> Response | tuple[str, int]:
    """Set a goal."""
    try:
        form = read_form(SetGoal)
    except Invalid as refusal:
        return _page_of_thread(thread_id, refusal.errors), 422
    actions.set_goal(
        viewer=viewer(), thread_id=thread_id, title=form.title, due_on=form.due_on, now=clock.now()
    )
    return redirect(f"/threads/{thread_id}/goals", 303)


@pages.post("/goals/<goal_id>")
@signed_in
def change_goal(goal_id: str) -> Response:
    """Mark a goal done, or open again."""
    queries.goal_for(viewer(), goal_id)  # 404 comes before what is wrong with the form
    actions.change_goal(viewer=viewer(), goal_id=goal_id, done=read_form(ChangeGoal).done, now=clock.now())
    return redirect("/goals", 303)
