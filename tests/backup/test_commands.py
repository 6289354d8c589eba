"""The three commands at the terminal: what they print, what they ask, and how they end."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

from sqlalchemy import make_url, update

from tests.backup.world import rows_of
from wellchat.db import db, transaction
from wellchat.messaging.models import Membership


def test_the_commands_ask_tell_and_end_as_scripts_need_it(app, talk, make_app, tmp_path) -> None:
    talk.exchange("cp")
    here = app.test_cli_runner()
    made = here.invoke(args=["backup", str(tmp_path), "--json"])
    data = json.loads(made.stdout)
    assert (made.exit_code, data["tables"]["messages"]["rows"], data["database"]) == (0, 2, "sqlite")
    # How far it is goes where no script reads.
    assert "database, pages: " in made.stderr
    assert app.config["SECRET_KEY"] not in "".join(
        path.read_bytes().decode("latin-1") for path in Path(data["path"]).rglob("*") if path.is_file()
    )

    other = make_app(SECRET_KEY="0123456789abcdef" * 2)
    with other.app_context():
        there = other.test_cli_runner()
        restored = there.invoke(args=["restore", data["path"]])
        assert restored.exit_code == 0, restored.output
        assert "wellchat privacy reapply" in restored.stdout
        assert "The secret here is not the one of the backup" in restored.stderr

        again = there.invoke(args=["restore", data["path"]])
        assert (again.exit_code, again.stderr.splitlines()[-1]) == (
            1,
            "Error: There are 5 people here already. Name an empty place, or say --replace.",
        )
        before = rows_of(other)
        refused = there.invoke(args=["restore", data["path"], "--replace"], input="n\n")
        assert refused.exit_code == 1
        file = make_url(other.config["DATABASE_URL"]).database or ""
        with contextlib.closing(sqlite3.connect(file)) as connection:
            # As a server that was forgotten has it.
            connection.execute("SELECT count(*) FROM users").fetchone()
            busy = there.invoke(args=["restore", data["path"], "--replace", "--yes"])
        assert busy.stderr.splitlines()[-1].startswith("Error: Something still uses the database.")
        assert rows_of(other) == before

    whole = here.invoke(args=["verify", "--json"])
    assert (whole.exit_code, json.loads(whole.stdout)["ok"]) == (0, True)
    with app.app_context(), transaction() as session:
        session.execute(update(Membership).values(delivered_seq=99))
        db.session.expire_all()
    broken = here.invoke(args=["verify", "--json", "--no-files"])
    named = [check["name"] for check in json.loads(broken.stdout)["checks"] if check["broken"]]
    assert (broken.exit_code, named) == (1, ["marks"])
    assert here.invoke(args=["verify", data["path"]]).exit_code == 0
    assert here.invoke(args=["verify", str(tmp_path)]).stderr.startswith("Error: ")
