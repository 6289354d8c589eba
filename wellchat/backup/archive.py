"""Make one file of a backup, and a folder of that file. It is a plain tar: the parts are packed already."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from wellchat.backup.errors import BackupError
from wellchat.backup.manifest import MANIFEST, SUMS, listed
from wellchat.config import setting


def pack(folder: Path, target: Path) -> None:
    """Move what a backup holds into a tar, file by file, so that it never needs the place of both."""
    with tarfile.open(target, "x:") as tar:
        for name in (MANIFEST, *(name for name, _ in listed(folder)), SUMS):
            tar.add(folder / name, arcname=name)
            _forget_members(tar)
            if name != SUMS:
                (folder / name).unlink()
    target.chmod(0o600)


@contextmanager
def opened(path: Path) -> Iterator[Path]:
    """Yield the folder of a backup; an archive is unpacked into the instance folder meanwhile.

    Raises BackupError.
    """
    if path.is_dir():
        yield path
        return
    if not path.exists():
        raise BackupError(f"There is no backup {path}.")
    with TemporaryDirectory(prefix=".backup-", dir=setting("INSTANCE")) as place:
        try:
            with tarfile.open(path, "r:") as tar:
                for member in tar:
                    # The filter of PEP 706: nothing outside of the folder, and no devices.
                    tar.extract(member, place, filter="data")
                    _forget_members(tar)
        # A link to nothing is a KeyError; names that no folder takes, and a full disk, are OSErrors.
        except (tarfile.TarError, EOFError, KeyError, OSError) as error:
            raise BackupError(f"{path} cannot be unpacked: {error}") from None
        yield Path(place)


def _forget_members(tar: tarfile.TarFile) -> None:
    """Empty the list that a tar keeps of what it has seen. It would grow with the files."""
    tar.members.clear()  # type: ignore[attr-defined]


def sync() -> None:
    """Have everything on the disk before a name promises it."""
    os.sync()
