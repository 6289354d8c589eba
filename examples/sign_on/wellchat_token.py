import base64
import hmac
import json
import os
import secrets
import time


def wellchat_token(person_id: str, name: str) -> str:
    now = int(time.time())
    header = {"alg": "HS256", "kid": os.environ["WELLCHAT_KID"]}
    person = {"aud": os.environ["WELLCHAT_URL"], "sub": person_id, "name": name}
    claims = {**person, "iat": now, "exp": now + 120, "jti": secrets.token_urlsafe(16)}
    text = f"{part(json.dumps(header).encode())}.{part(json.dumps(claims).encode())}"
    return f"{text}.{part(hmac.digest(os.environ['WELLCHAT_SECRET'].encode(), text.encode(), 'sha256'))}"


def part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


if __name__ == "__main__":
    import sys

    sys.stdout.write(f"{wellchat_token(sys.argv[1], sys.argv[2])}\n")
