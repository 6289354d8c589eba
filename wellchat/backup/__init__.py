"""Back up, put back, and check every promise: the commands `backup`, `restore` and `verify`."""

from wellchat.audit.kinds import HIGH, NOTICE, AuditKind
from wellchat.backup.cli import backup, restore, verify
from wellchat.backup.noting import doubt_waiting_mails
from wellchat.changes.hooks import database_restored_in_transaction
from wellchat.feature import Feature
from wellchat.i18n import N_

feature = Feature(
    "backup",
    optional=True,
    commands=(backup, restore, verify),
    audited={
        "backup.made": AuditKind(N_("Backup made"), NOTICE, shown_to_person=False, of_admin=True),
        "backup.restored": AuditKind(N_("Backup restored"), HIGH, shown_to_person=False, of_admin=True),
    },
    handlers=((database_restored_in_transaction, doubt_waiting_mails),),
)
