"""What tests of search stand on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from wellchat.search import actions, queries
from wellchat.search.queries import Question


@pytest.fixture
def find(app, now) -> Callable[..., list[str]]:
    """find(viewer, words, **narrower): the texts they find, newest first, once the worker was there."""

    def find(viewer, words, **narrower):
        while actions.index():
            pass
        answer = queries.search(viewer, Question(words, **narrower), now=now + timedelta(minutes=1))
        return [found.message.body for found in answer.hits]

    return find
