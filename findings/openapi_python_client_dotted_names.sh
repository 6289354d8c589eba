#!/usr/bin/env bash
# openapi-python-client takes two component names for one if they differ in a dot only, and goes on with 0.
#
# Expected: names of components may hold dots (OpenAPI 3.1, Components Object): `Answer.Part` and `AnswerPart` are
# two of them. A generator gives each a class, or ends with an error: a client without a call is no client.
# What happens: both become the class AnswerPart, and the second is dropped. A call with it as its body is not
# generated at all; one that answers with it is, and returns None for its 200. The exit status is 0, and only a
# warning in the middle of the output tells of it (`--fail-on-warning` makes an error of it). pydantic writes
# such names for nested models, so a document that was fine loses calls when two models get close names.
# A document whose component names are letters and digits only is safe, and --fail-on-warning tells otherwise.
# Versions: openapi-python-client 0.29.1.
# Output seen:
#> exit status 0
#> calls: answer_with_it, answer_with_the_dotted
#> class of the dotted: AnswerPart
#> a 200 of answer_with_it is read as: None
set -euo pipefail

want=$(sed -n 's/^#> //p' "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check openapi-python-client==0.29.1

cat > document.json <<'JSON'
{"openapi": "3.1.0", "info": {"title": "talk", "version": "1"},
 "paths": {
  "/a": {"get": {"operationId": "answer_with_the_dotted", "responses": {"200": {"description": "yes",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Answer.Part"}}}}}}},
  "/b": {"get": {"operationId": "answer_with_it", "responses": {"200": {"description": "yes",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/AnswerPart"}}}}}}},
  "/c": {"post": {"operationId": "send_it", "requestBody": {"content": {"application/json":
    {"schema": {"$ref": "#/components/schemas/AnswerPart"}}}}, "responses": {"204": {"description": "done"}}}}},
 "components": {"schemas": {
  "Answer.Part": {"type": "object", "properties": {"x": {"type": "string"}}},
  "AnswerPart": {"type": "object", "properties": {"y": {"type": "string"}}}}}}
JSON

status=0
PATH="$work/venv/bin:$PATH" venv/bin/openapi-python-client generate --meta none --path document.json \
    --output-path talk >log 2>&1 || status=$?

cat > use.py <<'PY'
import sys
from pathlib import Path

import httpx

import talk
from talk.api.default import answer_with_it, answer_with_the_dotted

calls = sorted(path.stem for path in Path("talk/api/default").glob("[a-z]*.py"))
client = talk.Client(base_url="http://talk.test", httpx_args={"transport": httpx.MockTransport(
    lambda request: httpx.Response(200, json={"x": "1", "y": "2"}))})
print("exit status", sys.argv[1])
print("calls:", ", ".join(calls))
print("class of the dotted:", type(answer_with_the_dotted.sync_detailed(client=client).parsed).__name__)
print("a 200 of answer_with_it is read as:", answer_with_it.sync_detailed(client=client).parsed)
PY

got=$(venv/bin/python use.py "$status")
diff <(echo "$want") <(echo "$got") || { echo "changed"; exit 1; }
echo "unchanged"
