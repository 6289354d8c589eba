#!/usr/bin/env bash
# flufl.bounce sees no bounce in a delivery report whose address is of the type "utf-8".
#
# Expected: RFC 6533 gives delivery reports of mail systems with SMTPUTF8 the address type "utf-8"
# beside "rfc822", and the part message/global-delivery-status. "Action: failed" means the same in all
# of them. The address here is plain ASCII, so nothing has to be decoded.
# What happens: only the report with the type "rfc822" yields the address. With "utf-8" nobody failed.
# Versions: flufl.bounce 6.0.0.
# Output seen:
#> message/delivery-status rfc822: ['ann@example.org']
#> message/delivery-status utf-8: []
#> message/global-delivery-status utf-8: []
set -euo pipefail

want=$(sed -n 's/^#> //p' "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check flufl.bounce==6.0.0

cat > scan.py <<'PY'
from email import message_from_string

from flufl.bounce import all_failures

REPORT = """From: MAILER-DAEMON@mx.example.net
To: list@example.com
MIME-Version: 1.0
Content-Type: multipart/report; report-type={report}; boundary="part"

--part
Content-Type: text/plain

It could not be delivered.

--part
Content-Type: message/{report}

Reporting-MTA: dns; mx.example.net

Final-Recipient: {kind}; ann@example.org
Action: failed
Status: 5.1.1

--part--
"""
CASES = ("delivery-status", "rfc822"), ("delivery-status", "utf-8"), ("global-delivery-status", "utf-8")
for report, kind in CASES:
    message = message_from_string(REPORT.format(report=report, kind=kind))
    _delayed, failed = all_failures(message)
    print(f"message/{report} {kind}: {[address.decode() for address in failed]}")
PY

got=$(venv/bin/python scan.py)
diff <(echo "$want") <(echo "$got") || { echo "changed"; exit 1; }
echo "unchanged"
