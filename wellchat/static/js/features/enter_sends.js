/* A field of several lines whose form is sent by Enter, as in a conversation. Shift+Enter adds a line; so does Enter on a
   phone, whose keyboard has no Shift+Enter. */

import { sends, touch } from "../lib/text_input.js";

export function enterSends(field) {
  field.enterKeyHint = touch() ? "enter" : "send";
  field.addEventListener("keydown", (event) => {
    if (!sends(event)) return;
    event.preventDefault();
    field.form.requestSubmit();
  });
}
