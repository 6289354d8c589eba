#!/usr/bin/env bash
# The LMTP server of aiosmtpd gives one reply for all recipients, and the client of Python reads only one.
#
# Expected: RFC 2033 (4.2) asks for one reply after the message for each recipient that was taken, in their
# order; it is what LMTP is for. A client waits for all of them, and says who was refused.
# What happens: aiosmtpd writes the one line that handle_DATA returns, so a mail server with two recipients
# waits for a reply that never comes. A handler has to join a line for each by itself (the last two lines
# below). smtplib.LMTP takes the first reply as that of all: it reports nobody as refused, and takes the
# second reply as the answer to its next command. A test with both together sees neither mistake.
# Look again at each update: the sources of aiosmtpd after 1.4.6 repeat what handle_DATA returns for each
# recipient, or take a list. Lines that a handler has joined would then be sent several times.
# Versions: aiosmtpd 1.4.6, smtplib of Python 3.11.
# Output seen:
#> one line, 2 recipients: 250 taken | 221 Bye
#> smtplib: refused {}, then NOOP: 250 OK
#> a line for each, 2 recipients: 250 taken | 550 no room | 221 Bye
#> smtplib: refused {}, then NOOP: 550 no room
set -euo pipefail

want=$(sed -n 's/^#> //p' "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check aiosmtpd==1.4.6

cat > deliver.py <<'PY'
import asyncio
import smtplib

from aiosmtpd.lmtp import LMTP

FROM, TO = "ann@example.org", ["bob@example.com", "eve@example.com"]


class Handler:
    def __init__(self, reply):
        self.reply = reply

    async def handle_DATA(self, _server, _session, _envelope):
        return self.reply


async def by_hand(port):
    """Return every reply from the end of the message on."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.readline()
    for command in ("LHLO client", f"MAIL FROM:<{FROM}>", *(f"RCPT TO:<{each}>" for each in TO), "DATA"):
        writer.write(f"{command}\r\n".encode())
        while (await reader.readline())[3:4] == b"-":
            pass
    writer.write(b"Subject: Hello\r\n\r\nHello\r\n.\r\nQUIT\r\n")
    replies = (await reader.read()).decode().splitlines()
    writer.close()
    return " | ".join(replies)


def by_smtplib(port):
    client = smtplib.LMTP("127.0.0.1", port, local_hostname="client")
    refused = client.sendmail(FROM, TO, "Subject: Hello\r\n\r\nHello\r\n")
    code, text = client.noop()
    client.close()
    return f"refused {refused}, then NOOP: {code} {text.decode()}"


async def main():
    loop = asyncio.get_running_loop()
    cases = {"one line": "250 taken", "a line for each": "250 taken\r\n550 no room"}
    for title, reply in cases.items():
        server = await loop.create_server(lambda: LMTP(Handler(reply), hostname="server"), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        print(f"{title}, {len(TO)} recipients: {await by_hand(port)}")
        print(f"smtplib: {await asyncio.to_thread(by_smtplib, port)}")
        server.close()


asyncio.run(main())
PY

got=$(venv/bin/python deliver.py)
diff <(echo "$want") <(echo "$got") || { echo "changed"; exit 1; }
echo "unchanged"
