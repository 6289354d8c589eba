"""Things of the host platform that threads and messages are about."""

from wellchat.feature import Feature

feature = Feature("subjects")
