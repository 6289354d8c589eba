"""Define the one error of backups: a line for the operator's terminal."""


class BackupError(Exception):
    """A backup that cannot be made, read or put back. The text is one line that says what to do."""
