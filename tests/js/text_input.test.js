import assert from "node:assert/strict";
import { test } from "node:test";

import { isBlank } from "../../wellchat/static/js/lib/text_input.js";

test("what nobody sees is blank, as on the server", () => {
  for (const text of ["", " \n\t", "\u3164", "\u2800\u2800", "\u200b \u00ad", "\ufe0f", "\u{e0100}", "\uffa0"]) assert.ok(isBlank(text), JSON.stringify(text));
  for (const text of [".", "\u3164a", "👍", "❤️", "ｱ", "क्ष", "1️⃣"]) assert.ok(!isBlank(text), JSON.stringify(text));
});
