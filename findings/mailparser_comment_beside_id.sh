#!/usr/bin/env bash
# mailparser takes the words of a comment for message ids, and a comment into the id itself.
#
# Expected: RFC 5322 (3.6.4) allows comments around the ids in Message-ID and References, and ids that
# follow each other without a space. A comment is no part of an id. Two ids are two.
# What happens: each word of a comment in References becomes an id of its own in angle brackets, a
# comment behind the Message-ID stays there with a second ">" behind it, and two ids without a space
# come as one string. Whoever threads mails by these values finds no parent.
# Versions: mailparser 3.14.2.
# Output seen:
#> messageId: "<3@example.org> (sent again)>"
#> references: ["<1@example.org>","<(kept>","<here)>","<2@example.org>"]
#> messageId: "<3@example.org>"
#> references: "<1@example.org><2@example.org>"
set -euo pipefail

want=$(sed -n 's/^#> //p' "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix "$work" mailparser@3.14.2

cat > read.mjs <<'JS'
import { simpleParser } from "mailparser";
for (const [id, references] of [
  ["<3@example.org> (sent again)", "<1@example.org> (kept here) <2@example.org>"],
  ["<3@example.org>", "<1@example.org><2@example.org>"],
]) {
  const lines = ["From: ann@example.org", "Date: Mon, 30 Nov 2026 10:00:00 +0000"];
  lines.push(`Message-ID: ${id}`, `References: ${references}`, "", "Hello", "");
  const mail = await simpleParser(lines.join("\r\n"));
  console.log("messageId:", JSON.stringify(mail.messageId));
  console.log("references:", JSON.stringify(mail.references));
}
JS

got=$(node read.mjs)
diff <(echo "$want") <(echo "$got") || { echo "changed"; exit 1; }
echo "unchanged"
