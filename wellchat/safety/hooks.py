"""Name the hooks by which safety calls the features above."""

from datetime import datetime

from wellchat.feature import Hook

connection_ended_in_transaction: Hook[[str, str, datetime], None]
connection_ended_in_transaction = Hook("safety.connection_ended_in_transaction")
"""(connection id, "person", "administrator" or "host", now): the two write to each other no more.

A block calls it too, and cannot be told from an end.
"""

connection_reopened_in_transaction: Hook[[str, datetime], None]
connection_reopened_in_transaction = Hook("safety.connection_reopened_in_transaction")
"""(connection id, now): the two may write again."""
