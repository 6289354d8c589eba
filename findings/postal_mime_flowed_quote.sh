#!/usr/bin/env bash
# postal-mime leaves the quote mark of the next line inside a joined line of format=flowed.
#
# Expected: RFC 3676 (4.5) takes the quote marks off before lines of the same depth are joined. The
# quote "> Shall we meet on Tuesday " + "> at nine?" is one quoted line, as mailparser gives it.
# What happens: postal-mime joins the lines as they stand, so a ">" appears amid the sentence, and
# ">>" with two levels. Text that is not quoted is joined correctly by both.
# Versions: postal-mime 4.0.0, mailparser 3.14.2.
# Output seen:
#> postal-mime: > Shall we meet on Tuesday > at nine?
#> postal-mime: >> Or later, >> as you like?
#> postal-mime: Yes, at nine.
#> mailparser: > Shall we meet on Tuesday at nine?
#> mailparser: >> Or later, as you like?
#> mailparser: Yes, at nine.
set -euo pipefail

want=$(sed -n 's/^#> //p' "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix "$work" postal-mime@4.0.0 mailparser@3.14.2

cat > read.mjs <<'JS'
import { simpleParser } from "mailparser";
import PostalMime from "postal-mime";
const mail = [
  "From: ben@example.org",
  "To: ann@example.org",
  "Subject: Tuesday",
  "MIME-Version: 1.0",
  "Content-Type: text/plain; charset=us-ascii; format=flowed",
  "",
  "> Shall we meet on Tuesday ",
  "> at nine?",
  ">> Or later, ",
  ">> as you like?",
  "Yes, at ",
  "nine.",
  "",
].join("\r\n");
const show = (name, text) => text.trim().split("\n").forEach((line) => console.log(`${name}: ${line}`));
show("postal-mime", (await PostalMime.parse(mail)).text);
show("mailparser", (await simpleParser(mail)).text);
JS

got=$(node read.mjs)
diff <(echo "$want") <(echo "$got") || { echo "changed"; exit 1; }
echo "unchanged"
