#!/usr/bin/env bash
# standardwebhooks (Python) signs a wrong second when the time carries another zone than UTC.
#
# Expected: 12:00 UTC and 14:00 at UTC+2 are equal datetimes, one Unix time, hence one signature over
# "id.timestamp.body", and verify() takes it with that Unix time in the header.
# What happens: sign() replaces the zone by UTC without converting. It signs the time two hours
# later, which no header shows, and the library's own verify() raises WebhookVerificationError. The
# caller sees nothing wrong when signing.
# Versions: standardwebhooks 1.1.0.
# Output seen:
#> times are equal: True
#> signatures are equal: False
#> UTC: verified
#> UTC+02:00: WebhookVerificationError: No matching signature found
set -euo pipefail

want=$(sed -n 's/^#> //p' "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check standardwebhooks==1.1.0

cat > sign.py <<'PY'
from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

webhook = Webhook(b64encode(b"an example of a secret").decode())
in_utc = datetime.now(UTC).replace(microsecond=0)
in_east = in_utc.astimezone(timezone(timedelta(hours=2)))
print("times are equal:", in_utc == in_east)
print("signatures are equal:", webhook.sign("msg_1", in_utc, "{}") == webhook.sign("msg_1", in_east, "{}"))
for moment in (in_utc, in_east):
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": webhook.sign("msg_1", moment, "{}"),
    }
    try:
        webhook.verify("{}", headers)
        print(f"{moment.tzinfo}: verified")
    except WebhookVerificationError as error:
        print(f"{moment.tzinfo}: {type(error).__name__}: {error}")
PY

got=$(venv/bin/python sign.py)
diff <(echo "$want") <(echo "$got") || { echo "changed"; exit 1; }
echo "unchanged"
