"""Folders without what other tests left."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flask import Flask


@pytest.fixture(autouse=True)
def clean_folders(app: Flask) -> None:
    for name in ("mail", "files", "retention-ran"):
        path = Path(app.config["INSTANCE"]) / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
