"""Name the hooks by which the security log asks the features above it who somebody is."""

from collections.abc import Collection

from wellchat.feature import Hook

names_of_people: Hook[[Collection[str]], dict[str, str]] = Hook("audit.names_of_people")
"""(user ids): user id -> name, of those who are here. One statement."""

person_by_address: Hook[[str], str | None] = Hook("audit.person_by_address")
"""(email address): the user id, or None."""
