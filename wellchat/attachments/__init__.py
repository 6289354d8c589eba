"""Attachments: files that two people of a thread send each other, visible to nobody else."""

from wellchat.attachments import metrics, processing
from wellchat.attachments.api import api
from wellchat.attachments.names import extension_of
from wellchat.attachments.pages import pages
from wellchat.attachments.personal_data import personal_data
from wellchat.attachments.schemas import describe_upload
from wellchat.attachments.serializers import file_size, files_summary, fit, placeholder_svg, play_time, wave
from wellchat.attachments.storage import get_store
from wellchat.audit.kinds import HIGH, NOTICE, AuditKind
from wellchat.feature import Feature
from wellchat.i18n import N_

feature = Feature(
    "attachments",
    personal_data=personal_data,
    blueprints=(api, pages),
    tasks="worker.attachments",
    sweeps=(processing.sweep,),
    tidies=(processing.tidy,),
    audited={
        "file.refused": AuditKind(N_("File refused"), NOTICE),
        "file.scanned_bad": AuditKind(N_("Harmful file found"), HIGH),
    },
    doctor_checks=(("files", lambda _app: get_store().check()), ("scanner", metrics.check_scanner)),
    metrics=(metrics.measure,),
    openapi=describe_upload,
    filters={
        "placeholder_svg": placeholder_svg,
        "extension": extension_of,
        "file_size": file_size,
        "files_summary": files_summary,
        "fit": fit,
        "wave": wave,
        "play_time": play_time,
    },
    icons={
        "clip": (
            '<path d="m16 9.5-6 6a3.6 3.6 0 0 1-5.1-5.1l6.3-6.3a2.4 2.4 0 0 1 3.4 3.4l-6.2 6.2a1.2 1.2 0 0 '
            '1-1.7-1.7l5.4-5.4"/>'
        ),
        "file": (
            '<path d="M11 3H6.5A1.5 1.5 0 0 0 5 4.5v11A1.5 1.5 0 0 0 6.5 17h7a1.5 1.5 0 0 0 '
            '1.5-1.5V7l-4-4Z"/><path d="M11 3v4h4"/>'
        ),
        "microphone": (
            '<rect x="7.25" y="2.75" width="5.5" height="9" rx="2.75"/>'
            '<path d="M4.5 10a5.5 5.5 0 0 0 11 0M10 15.5v2.25"/>'
        ),
        "camera": (
            '<path d="M3 7.5A1.5 1.5 0 0 1 4.5 6h2L8 4h4l1.5 2h2A1.5 1.5 0 0 1 17 7.5v7a1.5 1.5 0 0 1-1.5 '
            '1.5h-11A1.5 1.5 0 0 1 3 14.5v-7Z"/><circle cx="10" cy="10.75" r="2.75"/>'
        ),
        "play": '<path d="M6.5 4.5v11l9-5.5-9-5.5Z"/>',
        "pause": '<path d="M7 4.5v11M13 4.5v11"/>',
        "download": '<path d="M10 3.5v9M6.25 9 10 12.75 13.75 9M4 16.5h12"/>',
    },
)
