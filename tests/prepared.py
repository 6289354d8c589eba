"""What each process of a run would work out for itself, made once."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from _pytest.assertion import rewrite
from jinja2 import FileSystemBytecodeCache

from wellchat import Wellchat, assets, engines
from wellchat.feature import Registry
from wellchat.features import enabled_features

TESTS = Path(__file__).parent
TEMPLATES = "COMPILED_TEMPLATES"  # a variable of the environment: the folder that a run keeps them in


def keep_templates() -> None:
    """Let every application of this process, and of those it starts, share what it compiles."""
    if TEMPLATES not in os.environ:
        os.environ[TEMPLATES] = tempfile.mkdtemp(prefix="wellchat-")
    folder = os.environ[TEMPLATES]
    Wellchat.jinja_options = {"bytecode_cache": FileSystemBytecodeCache(folder)}


def forget_templates() -> None:
    shutil.rmtree(os.environ.pop(TEMPLATES), ignore_errors=True)


def spare_the_disk() -> None:
    """Let SQLite not wait for the disk at each commit: the durability of the machine is not under test."""
    engines.PRAGMAS = (*engines.PRAGMAS, "synchronous=OFF")


def collect_seldom() -> None:
    """Keep what is there out of the garbage collector's way, and let it look at the rest less often.

    It took a twelfth of the time of a test that asks the application something.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 50)


def make_assets() -> None:
    """Make the style sheets and scripts as browsers take them over HTTP: what this process forks has them."""
    app = Wellchat("wellchat", root_path=str(TESTS.parent / "wellchat"))
    app.extensions["features"] = Registry(enabled_features())
    assets.init_app(app)
    with app.app_context():
        for name in assets.asset_names():
            assets._content(assets._folder(), app.extensions["assets"], name, "gzip")


@contextmanager
def modules_compiled(config: pytest.Config) -> Iterator[None]:
    """Compile the test modules meanwhile, on every core, with their assertions spelled out as pytest does.

    Each process of a fresh checkout would do it, and at the same time: ten seconds of a core for each.
    """
    cores = os.cpu_count() or 1
    paths = sorted(
        [*TESTS.rglob("test_*.py"), *TESTS.rglob("conftest.py")], key=lambda path: path.stat().st_size
    )
    children = []
    for core in range(cores):
        if (pid := os.fork()) == 0:
            try:
                for path in paths[core::cores]:
                    _compile(path, config)
            finally:
                os._exit(0)  # what is not compiled is compiled by who needs it
        children.append(pid)
    yield
    for pid in children:
        os.waitpid(pid, 0)


def _compile(path: Path, config: pytest.Config) -> None:
    folder = rewrite.get_cache_dir(path)
    compiled = folder / (path.stem + rewrite.PYC_TAIL)
    if rewrite._read_pyc(path, compiled) is None:
        folder.mkdir(exist_ok=True)
        source_hash, code = rewrite._rewrite_test(path, config)
        rewrite._write_pyc(config.stash[rewrite.assertstate_key], code, source_hash, compiled)
