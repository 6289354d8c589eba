"""The Valkey of `wellchat up`."""

from __future__ import annotations

import pytest

from wellchat.embedded import Valkey

pytestmark = pytest.mark.slow


def test_the_temporary_socket_folder_is_removed(tmp_path):
    instance = tmp_path / "in stance"  # a blank: the socket cannot be in there
    instance.mkdir()
    valkey = Valkey(instance)
    folder = valkey.socket.parent
    assert folder != instance
    with valkey:
        assert valkey.socket.exists()
    assert not folder.exists()
    assert (instance / "valkey" / "valkey.log").parent.is_dir()
    with Valkey(instance):
        pass
    assert not folder.exists()
