"""Name the hooks by which messaging calls the features above."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from wellchat.feature import Hook

recipient_notified_in_transaction: Hook[[str, str, Sequence[int], datetime], None]
recipient_notified_in_transaction = Hook("messaging.recipient_notified_in_transaction")
"""(user id, thread id, seqs in ascending order, now): these messages were put into the user's notification
centre.
"""

blocks_among: Hook[[Sequence[str]], Iterable[tuple[str, str]]] = Hook("messaging.blocks_among")
"""(connection ids) -> (connection id, user id) for each block: this user has blocked the other one."""

held_among: Hook[[Sequence[str]], Iterable[str]] = Hook("messaging.held_among")
"""(thread ids) -> those of them that earlier messages are brought into: nobody writes there until the end."""
