"""Name the hooks by which notifications call the features above them."""

from datetime import datetime

from wellchat.feature import Hook

preferences_changed_in_transaction: Hook[[str, datetime], None]
preferences_changed_in_transaction = Hook("notifications.preferences_changed_in_transaction")
"""(user id, now): what is planned by these preferences must be planned again."""

notification_recorded_in_transaction: Hook[[str, str, datetime], None]
notification_recorded_in_transaction = Hook("notifications.notification_recorded_in_transaction")
"""(user id, notification id, now): other channels carry it further."""
