"""The libraries that mails are compared with: each reads a list of texts in a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

# Each reads a JSON list of texts from standard input and writes the list of what it takes for the reply.
_PYTHON = """
import json, sys, logging
logging.disable(logging.CRITICAL)
{imports}
def read(text):
    try:
        return {call}
    except Exception as error:
        return "! " + type(error).__name__
print(json.dumps([read(text) for text in json.load(sys.stdin)]))
"""
_RUBY = """
require "json"
require "{library}"
print JSON.generate(JSON.parse(STDIN.read).map {{ |text|
  begin; {call}.to_s; rescue => error; "! #{{error.class}}"; end
}})
"""
_NODE = """
const Parser = require("email-reply-parser").default || require("email-reply-parser");
const vm = require("vm"), texts = JSON.parse(require("fs").readFileSync(0));
globalThis.parse = text => new Parser().read(text).getVisibleText();
// Some texts take its patterns longer than anybody waits.
const read = text => {
  globalThis.text = text;
  try { return vm.runInThisContext("parse(text)", { timeout: 3000 }); } catch (error) { return "! " + error; }
};
console.log(JSON.stringify(texts.map(read)));
"""
# name -> (what runs it, where below the folder of peers it lies, the program)
PEERS = {
    "mail-parser-reply": (
        "python",
        "venv/bin/python",
        _PYTHON.format(
            imports="from mailparser_reply import EmailReplyParser\n"
            'LANGUAGES = "en de fr es it nl pl pt sv da no ja ko zh he cs".split()\n'
            "try:\n    PARSER = EmailReplyParser(languages=LANGUAGES)\n    PARSER.read('x').latest_reply\n"
            "except Exception:\n    PARSER = EmailReplyParser(languages='en de fr es it nl pl'.split())",
            call="PARSER.read(text).latest_reply or ''",
        ),
    ),
    "email-reply-parser": (
        "python",
        "venv/bin/python",
        _PYTHON.format(
            imports="from email_reply_parser import EmailReplyParser",
            call="EmailReplyParser.parse_reply(text)",
        ),
    ),
    "crisp": ("node", "node_modules", _NODE),
    "trimmer": (
        "ruby",
        "discourse+email_reply_trimmer/lib",
        _RUBY.format(library="email_reply_trimmer", call="EmailReplyTrimmer.trim(text)"),
    ),
    "github": (
        "ruby",
        "github+email_reply_parser/lib",
        _RUBY.format(library="email_reply_parser", call="EmailReplyParser.parse_reply(text)"),
    ),
}


def replies_of(peer: str, texts: list[str], folder: Path) -> list[str] | None:
    """Return what a peer takes for the reply in each text. None: it is not in the folder."""
    kind, where, program = PEERS[peer]
    runner = str(folder / where) if kind == "python" else shutil.which(kind)
    if runner is None or not (folder / where).exists():
        return None
    command = {
        "python": [runner, "-c", program],
        "node": [runner, "-e", program],
        "ruby": [runner, "-I", str(folder / where), "-e", program],
    }[kind]
    done = subprocess.run(
        command, input=json.dumps(texts), capture_output=True, text=True, cwd=folder, timeout=120, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{peer}: {done.stderr.strip()[-400:]}")
    found: list[str] = json.loads(done.stdout)
    return found
