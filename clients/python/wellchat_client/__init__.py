"""A client of wellchat's JSON interface, with nothing but the standard library."""

from wellchat_client.client import Client
from wellchat_client.errors import NoAnswer, NotSignedIn, Refused, Resync, TooFast
from wellchat_client.following import Follower
from wellchat_client.shapes import (
    Attachment,
    Me,
    Message,
    MessagePage,
    Notification,
    Person,
    SubjectRef,
    Thread,
    Unread,
    Update,
)

__all__ = [
    "Attachment",
    "Client",
    "Follower",
    "Me",
    "Message",
    "MessagePage",
    "NoAnswer",
    "NotSignedIn",
    "Notification",
    "Person",
    "Refused",
    "Resync",
    "SubjectRef",
    "Thread",
    "TooFast",
    "Unread",
    "Update",
]
