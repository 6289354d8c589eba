#!/usr/bin/env bash
# py-vapid refuses an https contact with a path, and says that the contact is missing.
#
# Expected: RFC 8292 (2.1) lets the claim "sub" be a mailto: or an https: URI. A contact page, which
# has a path, is such a URI. web-push (Node) signs with it.
# What happens: py-vapid takes an https URI of a bare host only. With a path, a closing slash or a port
# it raises VapidException, whose text says that 'sub' is missing, although it is there.
# Versions: py-vapid 1.9.6, web-push 3.6.7.
# Output seen:
#> py-vapid https://example.org: signed
#> py-vapid https://example.org/contact: Missing 'sub' from claims
#> py-vapid https://example.org/: Missing 'sub' from claims
#> py-vapid https://example.org:8443: Missing 'sub' from claims
#> web-push https://example.org/contact: signed
set -euo pipefail

want=$(sed -n 's/^#> //p' "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check py-vapid==1.9.6
npm install --silent --no-audit --no-fund --prefix "$work" web-push@3.6.7

cat > sign.py <<'PY'
from py_vapid import Vapid02, VapidException

vapid = Vapid02()
vapid.generate_keys()
for end in ("", "/contact", "/", ":8443"):
    contact = f"https://example.org{end}"
    try:
        vapid.sign({"aud": "https://push.example.net", "sub": contact})
        print(f"py-vapid {contact}: signed")
    except VapidException as error:
        print(f"py-vapid {contact}: {str(error).split('.')[0]}")
PY

cat > sign.mjs <<'JS'
import push from "web-push";
const { publicKey, privateKey } = push.generateVAPIDKeys();
const contact = "https://example.org/contact";
push.getVapidHeaders("https://push.example.net", contact, publicKey, privateKey, "aes128gcm");
console.log(`web-push ${contact}: signed`);
JS

got=$(venv/bin/python sign.py; node sign.mjs)
diff <(echo "$want") <(echo "$got") || { echo "changed"; exit 1; }
echo "unchanged"
