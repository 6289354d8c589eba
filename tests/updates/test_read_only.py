"""A database that can only be read, as after a failover: writes wait for it, and polls still answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event

from wellchat.db import db, is_postgresql


@pytest.fixture
def read_only(app: Any, talk: Any) -> Iterator[Any]:
    """Return a function after whose call nothing can be written."""

    def forbid(connection: Any, *_: object) -> None:
        if is_postgresql():
            connection.autocommit = True
            connection.execute("SET default_transaction_read_only = on")
            connection.autocommit = False
        else:
            connection.execute("PRAGMA query_only = on")

    def begin() -> None:
        db.session.remove()
        db.engine.dispose()
        event.listen(db.engine, "connect", forbid)

    yield begin
    db.session.remove()
    event.remove(db.engine, "connect", forbid)
    db.engine.dispose()


@pytest.mark.each_database
def test_polls_are_answered_and_writes_are_503(read_only, api, talk):
    cara, paul = api(talk.cara), api(talk.paul)
    since = paul.get("/api/me").json["cursor"]
    talk.says(talk.cara, "hello")
    answer = paul.get("/api/updates", query_string={"since": since}).json
    read_only()
    # It would note that the message has arrived, and that somebody is there.
    looking = {"active": "true", "looking": talk.id}
    again = paul.get("/api/updates", query_string={"since": answer["cursor"], **looking})
    assert again.status_code == 204
    news = paul.get("/api/updates", query_string={"since": since, **looking}).json
    assert [message["body"] for message in news["messages"]] == ["hello"]
    sent = cara.post(f"/api/threads/{talk.id}/messages", json={"body": "now", "client_key": "k"})
    assert (sent.status_code, sent.headers["Retry-After"]) == (503, "1")
    assert "Nothing was lost" in sent.json["detail"]
    assert cara.get(f"/api/threads/{talk.id}/messages").status_code == 200
