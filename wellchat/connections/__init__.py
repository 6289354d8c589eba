"""Connections: which client and which professional may write to each other."""

from wellchat.connections.avatars import pages
from wellchat.connections.cli import connect
from wellchat.connections.personal_data import personal_data
from wellchat.event_types import EventType
from wellchat.feature import Feature

feature = Feature(
    "connections",
    personal_data=personal_data,
    blueprints=(pages,),
    commands=(connect,),
    events={
        "connection.created": EventType(
            "A client and a professional may write to each other.", ("connection", "client", "professional")
        ),
    },
)
