"""The JSON calls of goals."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from examples.goals import actions, queries
from examples.goals.forms import ChangeGoal, SetGoal
from examples.goals.schemas import GoalAnswer, GoalsAnswer
from wellchat import clock
from wellchat.web import json_response, limiter, signed_in, viewer

api = APIBlueprint("goals_api", __name__, url_prefix="/api", tag="Goals")


@api.get("/threads/<thread_id>/goals")
@signed_in
@api.output(GoalsAnswer)
def list_goals(thread_id: str) -> Response:
    """List the goals of a thread's two people."""
    connection = queries.connection_of_thread(viewer(), thread_id)
    goals = queries.goals_of(viewer(), connection)
    return json_response({"goals": [queries.goal_json(goal) for goal in goals]})


@api.post("/threads/<thread_id>/goals")
@signed_in
@limiter.limit("30/minute")
@api.input(SetGoal, location="json", arg_name="body")
@api.output(GoalAnswer, status_code=201)
def post_goal(thread_id: str, body: SetGoal) -> Response:
    """Set a goal."""
    goal = actions.set_goal(
        viewer=viewer(), thread_id=thread_id, title=body.title, due_on=body.due_on, now=clock.now()
    )
    return json_response({"goal": queries.goal_json(goal)}, 201)


@api.patch("/goals/<goal_id>")
@signed_in
@api.input(ChangeGoal, location="json", arg_name="body")
@api.output(GoalAnswer)
def patch_goal(goal_id: str, body: ChangeGoal) -> Response:
    """Mark a goal done, or open again."""
    goal = actions.change_goal(viewer=viewer(), goal_id=goal_id, done=body.done, now=clock.now())
    return json_response({"goal": queries.goal_json(goal)})
