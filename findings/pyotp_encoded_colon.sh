#!/usr/bin/env bash
# pyotp finds no issuer in a key URI whose label has the colon in its encoded form.
#
# Expected: the format that pyotp cites (Key Uri Format of Google Authenticator) says
# `label = accountname / issuer (":" / "%3A") *"%20" accountname`. The second label below is an example of
# that page: issuer "Big Corporation", account "alice@bigco.com".
# What happens: only a plain colon ends the issuer. With %3A there is none, and the account has the whole
# label as its name; when the URI is made again with the issuer from the query, it stands there twice.
# Spaces before the account stay in its name. pyotp 2.9.0 took both colons.
# Versions: pyotp 2.12.1.
# Output seen:
#> Big%20Corporation:alice%40bigco.com: issuer 'Big Corporation', account 'alice@bigco.com'
#> Big%20Corporation%3A%20alice%40bigco.com: issuer None, account 'Big Corporation: alice@bigco.com'
#> Big%20Corporation:%20alice%40bigco.com: issuer 'Big Corporation', account ' alice@bigco.com'
#> made again: Example:Example%3Aalice%40bigco.com
set -euo pipefail

want=$(sed -n 's/^#> //p' "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check pyotp==2.12.1

cat > label.py <<'PY'
from urllib.parse import urlsplit

import pyotp

SECRET = "secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
for label in (
    "Big%20Corporation:alice%40bigco.com",
    "Big%20Corporation%3A%20alice%40bigco.com",
    "Big%20Corporation:%20alice%40bigco.com",
):
    key = pyotp.parse_uri(f"otpauth://totp/{label}?{SECRET}")
    print(f"{label}: issuer {key.issuer!r}, account {key.name!r}")

key = pyotp.parse_uri(f"otpauth://totp/Example%3Aalice%40bigco.com?{SECRET}&issuer=Example")
print(f"made again: {urlsplit(key.provisioning_uri()).path[1:]}")
PY

got=$(venv/bin/python label.py)
diff <(echo "$want") <(echo "$got") || { echo "changed"; exit 1; }
echo "unchanged"
