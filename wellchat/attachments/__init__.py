"""Files that people send each other, seen by the two people of their thread and nobody else."""

from wellchat.attachments import processing
from wellchat.attachments.api import api
from wellchat.attachments.names import extension_of
from wellchat.attachments.pages import pages
from wellchat.attachments.serializers import file_size, files_summary, fit, placeholder_svg
from wellchat.feature import Feature

feature = Feature(
    "attachments",
    blueprints=(api, pages),
    tasks="worker.attachments",
    sweeps=(processing.sweep,),
    tidies=(processing.tidy,),
    filters={
        "placeholder_svg": placeholder_svg,
        "extension": extension_of,
        "file_size": file_size,
        "files_summary": files_summary,
        "fit": fit,
    },
)
