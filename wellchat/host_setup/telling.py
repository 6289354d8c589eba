"""Say what was set up for a host: as data, and as lines to paste."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wellchat.clock import iso
from wellchat.host_setup.env_files import line_by_line
from wellchat.host_setup.keys import SetUp
from wellchat.own_command import own_command

AGAIN = "which has to start again with it:"
SECRETS = ("WELLCHAT_KEY", "WELLCHAT_SECRET")


def as_data(done: SetUp) -> dict[str, Any]:
    """Return it for JSON. `env` has secrets only where they were made just now."""
    host_key, sso_key = done.host_key, done.sso_key
    return {
        "origin": done.origin,
        "made": list(done.made),
        "env": done.env,
        "settings": done.settings,
        "host_key": {
            "id": host_key.id,
            "scopes": host_key.scopes,
            "ends_at": iso(host_key.ends_at),
            "last_used_at": iso(host_key.last_used_at),
        },
        "sso_key": {"kid": sso_key.kid, "alg": sso_key.alg, "made_at": iso(sso_key.made_at)},
        "replaced": list(done.replaced),
    }


def as_lines(done: SetUp, env: Path | None, settings_file: Path | None) -> list[str]:
    """Return lines for a terminal. No keys are in them where `env` is the file that has them."""
    lines = [*_of_the_host(done, env), *_of_standing(done)]
    if done.settings:
        where = (
            f"Put into {settings_file}, for wellchat" if settings_file else "Into the environment of wellchat"
        )
        lines += [f"{where}, {AGAIN}", "", *line_by_line(done.settings), ""]
    return [*lines, f"Then look: {own_command('host', 'check', done.origin)}"]


def _of_the_host(done: SetUp, env: Path | None) -> list[str]:
    if not done.made:
        return []
    if env is None:
        head = f"Into the .env of {done.origin}; the keys are shown this once:"
        return [head, "", *line_by_line(done.env), ""]
    shown = [f"{name}={'***' if name in SECRETS else value}" for name, value in done.env.items()]
    return [f"Put into {env}, for the server of {done.origin}:", "", *shown, ""]


def _of_standing(done: SetUp) -> list[str]:
    lines = []
    if "host_key" not in done.made:
        last = iso(done.host_key.last_used_at)
        used = f"last used {last}" if last else "not used yet"
        lines.append(f"The host key {done.host_key.id} stands: ends {iso(done.host_key.ends_at)}, {used}.")
    if "sso_key" not in done.made:
        lines.append(f"The key {done.sso_key.kid} for tokens stands: made {iso(done.sso_key.made_at)}.")
    if lines:
        lines += [f"Lost? {own_command('host', 'init', done.origin, '--renew')}", ""]
    for kid in done.replaced:
        lines.append(f"The old key {kid} goes on to work until: {own_command('sso-key', 'end', kid)}")
    return lines
