"""Name the hooks by which attachments call the features above them."""

from collections.abc import Collection

from wellchat.feature import Hook

thumbnail_made_in_transaction: Hook[[str, int, str], None] = Hook("attachments.thumbnail_made_in_transaction")
"""(thread id, seq, file id): whoever repeats the file's data updates it."""

stored_by_others: Hook[[Collection[str]], Collection[str]] = Hook("attachments.stored_by_others")
"""(ids of objects in the store) -> those of them that belong to the feature: they are not collected."""
scanned_in_transaction: Hook[[str, int, str, bool], None] = Hook("attachments.scanned_in_transaction")
"""(thread id, seq, file id, whether it is clean): whoever repeats the file's data updates it."""
