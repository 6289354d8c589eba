"""The stories hold together at any hour and day of the week they are loaded, and when the clocks change."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from wellchat.demo.script import fill_in, moment, moments, read_script
from wellchat.demo.stories import STORIES
from wellchat.demo.story import Story

LOADED_AT = [datetime(2025, 3, 26, tzinfo=UTC) + timedelta(hours=hours) for hours in range(0, 24 * 8, 7)]
each_story = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.key)


def zone_of(story: Story, key: str) -> str:
    return next(person.time_zone for person in story.people if person.key == key)


@each_story
@pytest.mark.parametrize("now", LOADED_AT, ids=lambda now: f"{now:%a-%H}")
def test_the_times_of_a_talk_increase_and_end_before_now(story: Story, now: datetime) -> None:
    for talk in story.talks:
        said = list(moments(talk.lines, now=now, time_zone=zone_of(story, talk.professional)))
        assert all(before < after for before, after in pairwise(said))
        assert said[-1] < now


@each_story
def test_planned_subjects_are_in_the_future_and_past_ones_in_the_past(story: Story) -> None:
    for now in LOADED_AT:
        for subject in filter(lambda subject: subject.starts_at, story.subjects):
            starts = moment(subject.starts_at, now=now, time_zone=zone_of(story, subject.professional))
            assert (starts > now) == (subject.status in ("planned", "confirmed"))
            assert starts.weekday() < 5


@each_story
def test_every_name_in_a_story_exists(story: Story) -> None:
    people = {person.key: person for person in story.people}
    assert len(people) == len(story.people)
    about = {(subject.key, subject.client) for subject in story.subjects}
    for client, professional in story.connections():
        assert (people[client].role, people[professional].role) == ("client", "professional")
    for talk in story.talks:
        assert {line.who for line in talk.lines} <= {talk.client, talk.professional}
        assert {(line.about, talk.client) for line in talk.lines if line.about} <= about
        if talk.subject:
            assert {(talk.subject, None), (talk.subject, talk.client)} & about


@each_story
def test_every_placeholder_is_filled_in(story: Story) -> None:
    now = LOADED_AT[0]
    starts = {subject.key: now for subject in story.subjects}
    for talk in story.talks:
        for line in talk.lines:
            said = fill_in(line.text, said_at=now, starts=starts)
            assert said.strip()
            assert not set("{}|") & set(said)


@each_story
def test_nobody_answers_messages_they_have_not_read(story: Story) -> None:
    for talk in story.talks:
        for reader, count in talk.unread.items():
            assert reader not in {line.who for line in talk.lines[-count:]}


def test_the_demo_has_enough_people_to_fill_an_inbox() -> None:
    people = [person for story in STORIES for person in story.people]
    assert len({person.email for person in people}) == len(people)
    assert {person.role for person in people} == {"client", "professional", "admin"}
    inboxes = Counter(talk.professional for story in STORIES for talk in story.talks)
    assert all(count >= 5 for count in inboxes.values())
    assert max(len(talk.lines) for story in STORIES for talk in story.talks) >= 150


def test_a_play_reads_days_countdowns_wraps_and_line_breaks() -> None:
    first, second, third = read_script("""
        -3d
        09:12 ada: One
            and the same line.
            | A second one.
        10:00 bo [visit]: Fine on {weekday visit}, {date +2}.
        -5m ada: Now.
    """)
    assert (first.when, first.text) == ("-3d 09:12", "One and the same line.\nA second one.")
    assert (second.who, second.about) == ("bo", "visit")
    assert third.when == "-5m"
    monday = datetime(2025, 3, 24, 9, tzinfo=UTC)
    assert fill_in(second.text, said_at=monday, starts={"visit": monday}) == "Fine on Monday, 26 March."
    with pytest.raises(ValueError, match="nobody says"):
        read_script("hello")
