"""Shapes of answers, for the OpenAPI document."""

from __future__ import annotations

from pydantic import BaseModel


class GoalShape(BaseModel):
    id: str
    author_id: str
    title: str
    due_on: str | None
    done: bool


class GoalAnswer(BaseModel):
    goal: GoalShape


class GoalsAnswer(BaseModel):
    goals: list[GoalShape]
