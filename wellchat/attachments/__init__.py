"""Files that people send each other, seen by the two people of their thread and nobody else."""

from wellchat.attachments import processing
from wellchat.attachments.api import api
from wellchat.attachments.names import ending_of
from wellchat.attachments.pages import pages
from wellchat.attachments.serializers import blank, file_size, fitted, in_words
from wellchat.feature import Feature

feature = Feature(
    "attachments",
    blueprints=(api, pages),
    tasks="worker.attachments",
    sweeps=(processing.sweep,),
    tidies=(processing.tidy,),
    filters={
        "blank": blank,
        "ending": ending_of,
        "file_size": file_size,
        "files_in_words": in_words,
        "fitted": fitted,
    },
)
