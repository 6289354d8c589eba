# Two commands matter: `make run` and `make test`. Both start from a fresh clone with Python 3.11+ and nothing else.
# PORT, HOST and every WELLCHAT_ variable of the environment reach what is started.

PY := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup run test check bench faults words wheel sbom audit lock clean

help:  ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile | while IFS='	' read -r name words; do printf 'make %-8s %s\n' "$$name" "$$words"; done

setup:  ## set up only: .venv/bin/wellchat and .venv/bin/python
	@sh .ci/setup.sh

run: setup  ## everything in the foreground on http://127.0.0.1:8000; Ctrl-C stops it
	@exec $(PY) -m wellchat up

test:  ## every test, against real servers and a real browser
	@sh .ci/setup.sh --dev
	@sh .ci/browser.sh
	@$(PY) -m pytest -n logical --dist loadfile --no-loadscope-reorder $(ARGS)

check:  ## lint, types and the fast tests, for while you work
	@sh .ci/setup.sh --dev
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) -m pytest -n logical --dist loadfile --no-loadscope-reorder -q -m "not slow" $(ARGS)

bench:  ## what is fast and what is not: one table, against limits measured in the same run
	@sh .ci/setup.sh --dev
	@$(PY) -m bench $(ARGS)

faults:  ## break everything under load and see what holds; ARGS="--seed N" repeats a run
	@sh .ci/setup.sh --dev
	@$(PY) -m tests.faults $(ARGS)

words:  ## bring new sentences into the catalogs, and make from them what is shipped
	@sh .ci/setup.sh
	@$(PY) -m wellchat.catalogs $(ARGS)

wheel:  ## build the package that pip installs, into dist/
	@sh .ci/setup.sh
	@.tools/bin/uv build --quiet --wheel --out-dir dist

sbom:  ## write what an installation consists of, as CycloneDX, to sbom.json
	@sh .ci/setup.sh
	@.tools/bin/uv export --quiet --frozen --no-dev --format cyclonedx1.5 --output-file sbom.json >/dev/null

audit:  ## ask OSV for known holes in what is installed; needs the network, ends with 1 if there are any
	@sh .ci/setup.sh
	@.tools/bin/uv audit --frozen --no-dev

lock:  ## resolve the dependencies again and write uv.lock
	@sh .ci/setup.sh
	@.tools/bin/uv lock

clean:  ## remove what was set up; your data in instance/ stays
	rm -rf .venv .tools .pytest_cache .mypy_cache .ruff_cache
