"""The features, lowest first. A feature imports only from those before it; tests/test_architecture.py holds that."""

FEATURES = (
    "mail",
    "changes",
    "accounts",
    "connections",
    "subjects",
    "notifications",
    "attachments",
    "messaging",
    "replies",
    "search",
    "digests",
    "booking_notices",
    "push",
    "offline",
    "updates",
    "oversight",
    "demo",
)
