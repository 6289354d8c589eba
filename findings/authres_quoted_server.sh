#!/usr/bin/env bash
# authres refuses a header Authentication-Results whose server is named in quotes.
#
# Expected: RFC 8601 (2.2) says `authserv-id = value`, and a value is a token or a quoted string (RFC 2045,
# 5.1). So "mx.example.com" in quotes is the same server as without them, and a name with a colon, such as
# that of one of several instances, can be written in quotes only.
# What happens: authres reads a dot-atom of RFC 5322 there. A name in quotes raises SyntaxError, and all
# results are lost. A quoted reason or property is read.
# Versions: authres 1.2.0.
# Output seen:
#> mx.example.com; spf=pass reason="by policy" smtp.mailfrom="example.org": mx.example.com spf=pass
#> "mx.example.com"; spf=pass smtp.mailfrom=example.org: Expected authserv-id
#> "mx.example.com:east"; spf=pass smtp.mailfrom=example.org: Expected authserv-id
set -euo pipefail

want=$(sed -n 's/^#> //p' "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check authres==1.2.0

cat > read.py <<'PY'
import authres

VALUES = [
    'mx.example.com; spf=pass reason="by policy" smtp.mailfrom="example.org"',
    '"mx.example.com"; spf=pass smtp.mailfrom=example.org',
    '"mx.example.com:east"; spf=pass smtp.mailfrom=example.org',
]
for value in VALUES:
    try:
        header = authres.parse_value(value)
        read = " ".join([header.authserv_id, *(f"{each.method}={each.result}" for each in header.results)])
    except authres.SyntaxError as error:
        read = error.message
    print(f"{value}: {read}")
PY

got=$(venv/bin/python read.py)
diff <(echo "$want") <(echo "$got") || { echo "changed"; exit 1; }
echo "unchanged"
