"""The files that run wellchat in containers are well formed; the hosted workflow builds and starts them."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from wellchat.cli import cli

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "docs" / "deploy"
KNOWN = {"FROM", "RUN", "WORKDIR", "COPY", "ARG", "ENV", "USER", "EXPOSE", "HEALTHCHECK", "CMD"}


def instructions() -> list[tuple[str, str]]:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#")).replace("\\\n", " ")
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in text.splitlines() if line)]


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def test_the_image_is_well_formed_and_does_not_run_as_root() -> None:
    found = instructions()
    assert {word for word, _ in found} <= KNOWN
    assert found[0][0] == "FROM"
    last = dict(found)
    assert last["USER"] not in ("", "root", "0")
    command = json.loads(last["CMD"])
    assert command[0] == "wellchat"
    assert command[1] in cli.commands
    health = json.loads(last["HEALTHCHECK"].partition("CMD ")[2])
    assert health[:2] == ["python3", "-c"]
    ast.parse(health[2])
    # Nobody answers there: the check has to say so.
    assert subprocess.run(health, env={"PORT": "1"}, capture_output=True, check=False).returncode == 1
    shells = [rest for word, rest in found if word == "RUN"]
    assert not [each for each in shells if subprocess.run(["sh", "-n", "-c", each], check=False).returncode]


def test_compose_starts_only_what_is_there() -> None:
    compose = loaded(DEPLOY / "compose.yaml")
    services = compose["services"]
    for name, service in services.items():
        assert "image" in service or (DEPLOY / service["build"]["context"]).resolve() == ROOT, name
        assert set(service.get("depends_on", {})) <= set(services)
        volumes = [each.partition(":")[0] for each in service.get("volumes", [])]
        assert set(volumes) <= set(compose["volumes"])
    assert {n for n, s in services.items() if s.get("healthcheck") == {"disable": True}} == {
        "migrate",
        "worker",
        "beat",
    }


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda p: p.name)
def test_a_workflow_is_well_formed(path: Path) -> None:
    jobs = loaded(path)["jobs"]
    for name, job in jobs.items():
        assert job["steps"], name
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step), step
            script = re.sub(r"\$\{\{.*?\}\}", "x", step.get("run", ""))
            assert subprocess.run(["sh", "-n", "-c", script], check=False).returncode == 0, step
    started = "\n".join(step.get("run", "") for step in jobs.get("image", {}).get("steps", ()))
    assert "docker run --detach" in started
    assert "/readyz" in started
