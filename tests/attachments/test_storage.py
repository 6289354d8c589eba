"""The two places files can lie in, through the same tests: a folder, and a real server that speaks S3."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from tests.attachments.files import PDF, send, take
from tests.services import end_with_parent, free_port, wait_for
from wellchat.attachments import processing
from wellchat.attachments.storage import Bucket, Folder, Missing, attachment_id_of, key_of, thumbnail_key
from wellchat.config import SettingsError, read_settings
from wellchat.doctor import run_checks

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture(scope="module")
def s3():
    """moto's server as a process of its own, with a bucket."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=end_with_parent,
    )
    url = f"http://127.0.0.1:{port}"

    def answers():
        try:
            return urllib.request.urlopen(f"{url}/moto-api/", timeout=1).status == 200
        except OSError:
            return False

    os.environ.update(KEYS)
    try:
        wait_for(answers, seconds=30, what="the S3 server")
        Bucket("files", "", url).client.create_bucket(Bucket="files")
        yield url
    finally:
        for name in KEYS:
            os.environ.pop(name, None)
        server.send_signal(signal.SIGTERM)
        server.wait(10)


@pytest.fixture(params=["folder", "bucket"])
def store(request, tmp_path):
    if request.param == "folder":
        return Folder(tmp_path / "files")
    return Bucket("files", "some/prefix", request.getfixturevalue("s3"))


def test_a_stored_object_is_readable_until_it_is_deleted(store):
    since = datetime.now(UTC) - timedelta(seconds=5)
    store.put("ab/abc", b"first")
    store.put("ab/abc", b"0123456789" * 100_000)
    assert b"".join(store.read("ab/abc")) == b"0123456789" * 100_000
    assert b"".join(store.read("ab/abc", 3, 8)) == b"34567"
    assert b"".join(store.read("ab/abc", 999_998)) == b"89"
    assert [(key, at > since) for key, at in store.keys()] == [("ab/abc", True)]  # noqa: SIM118
    for _ in range(2):
        store.delete("ab/abc")
    assert list(store.keys()) == []
    with pytest.raises(Missing):
        store.read("ab/abc")
    assert store.check()
    assert list(store.keys()) == []


def test_a_key_names_its_attachment():
    assert (
        attachment_id_of(key_of("0123456789abc"))
        == attachment_id_of(thumbnail_key("0123456789abc"))
        == "0123456789abc"
    )


def test_two_prefixes_of_one_bucket_do_not_mix(s3):
    one, two = Bucket("files", "one", s3), Bucket("files", "two", s3)
    one.put("ab/abc", b"x")
    assert list(two.keys()) == []
    one.delete("ab/abc")


def test_a_file_is_uploaded_processed_and_served_through_a_bucket(app, browse, talk, now, s3):
    app.config.update(STORAGE_URL="s3://files/whole", S3_ENDPOINT=s3)
    beach, plan = take(talk.cara, now), take(talk.cara, now, PDF, "plan.pdf")
    send(talk, talk.cara, [beach, plan])
    assert processing.process(attachment_id=beach.id, now=now) == "ready"
    paul = browse(talk.paul)
    assert paul.get(f"/attachments/{plan.id}/plan.pdf").data == PDF
    assert paul.get(f"/attachments/{plan.id}/plan.pdf", headers={"Range": "bytes=1-3"}).data == b"PDF"
    assert paul.get(f"/attachments/{beach.id}/thumbnail").data[:4] == b"RIFF"
    assert not (app.config["INSTANCE"] / "files" / key_of(plan.id)).exists()
    assert processing.collect(now + timedelta(days=2)) == 0
    checks = {check.name: check for check in run_checks(app).checks}
    assert (checks["files"].ok, checks["files"].detail) == (True, "bucket files takes files")


def test_doctor_reports_a_store_that_does_not_work(app, s3, tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    for wrong in (
        {"STORAGE_URL": "s3://nowhere", "S3_ENDPOINT": s3},
        {"STORAGE_URL": f"file://{in_the_way}/files"},
    ):
        app.config.update(wrong)
        assert "files" in [check.name for check in run_checks(app).failures]


@pytest.mark.parametrize("url", ["ftp://x", "s3://", "/var/files", "file://relative", "s3"])
def test_an_invalid_storage_url_is_refused(url, tmp_path):
    with pytest.raises(
        SettingsError, match="WELLCHAT_STORAGE_URL: must be s3://bucket/prefix or file:///folder"
    ):
        read_settings({"WELLCHAT_STORAGE_URL": url}, INSTANCE=tmp_path)
