"""Name the hooks by which notifications call the features above them."""

from collections.abc import Sequence
from datetime import datetime

from wellchat.accounts.models import User
from wellchat.feature import Hook

wrote_at: Hook[[User, datetime], Sequence[datetime]] = Hook("notifications.wrote_at")
"""(viewer, now) -> when the viewer's own messages were sent lately, to suggest quiet hours to them."""

preferences_changed_in_transaction: Hook[[str, datetime], None]
preferences_changed_in_transaction = Hook("notifications.preferences_changed_in_transaction")
"""(user id, now): what is planned by these preferences must be planned again."""

notification_recorded_in_transaction: Hook[[str, str, datetime], None]
notification_recorded_in_transaction = Hook("notifications.notification_recorded_in_transaction")
"""(user id, notification id, now): other channels carry it further."""
