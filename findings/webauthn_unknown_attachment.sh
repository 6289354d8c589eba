#!/usr/bin/env bash
# webauthn (Python) refuses a passkey's answer with an attachment that it does not know.
#
# Expected: Web Authentication, level 3 (5.1), says of `authenticatorAttachment`: "Relying Parties SHOULD
# treat unknown values as if the value were null." A browser may so report a kind of device that is new.
# What happens: reading the answer raises InvalidJSONStructure, at registration and at sign-in, before any
# signature is looked at. An unknown transport beside it is passed over without a word.
# The value can be taken out before: nothing in the signature covers it.
# Versions: webauthn 3.0.1.
# Output seen:
#> registration, attachment None: read, transports ['internal']
#> registration, attachment 'platform': read, transports ['internal']
#> registration, attachment 'wearable': Credential had unexpected authenticatorAttachment
#> sign-in, attachment None: read
#> sign-in, attachment 'platform': read
#> sign-in, attachment 'wearable': Credential had unexpected authenticatorAttachment
set -euo pipefail

want=$(sed -n 's/^#> //p' "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check webauthn==3.0.1

cat > answers.py <<'PY'
from webauthn.helpers import parse_authentication_credential_json, parse_registration_credential_json
from webauthn.helpers.exceptions import InvalidJSONStructure

# Only the outer form is read here, so any bytes will do.
BYTES = "AQID"
NEW = {"clientDataJSON": BYTES, "attestationObject": BYTES, "transports": ["internal", "some-new-way"]}
USED = {"clientDataJSON": BYTES, "authenticatorData": BYTES, "signature": BYTES}


def outcome(read, response, attachment):
    answer = {"id": BYTES, "rawId": BYTES, "type": "public-key", "response": response}
    try:
        credential = read({**answer, "authenticatorAttachment": attachment, "clientExtensionResults": {}})
    except InvalidJSONStructure as error:
        return str(error)
    transports = getattr(credential.response, "transports", None)
    return f"read, transports {[each.value for each in transports]}" if transports else "read"


for title, read, response in (
    ("registration", parse_registration_credential_json, NEW),
    ("sign-in", parse_authentication_credential_json, USED),
):
    for attachment in (None, "platform", "wearable"):
        print(f"{title}, attachment {attachment!r}: {outcome(read, response, attachment)}")
PY

got=$(venv/bin/python answers.py)
diff <(echo "$want") <(echo "$got") || { echo "changed"; exit 1; }
echo "unchanged"
