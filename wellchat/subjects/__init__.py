"""Things of the host platform that threads and messages are about."""

from wellchat.feature import Feature
from wellchat.subjects.cli import subject
from wellchat.subjects.pages import pages

feature = Feature("subjects", blueprints=(pages,), commands=(subject,))
