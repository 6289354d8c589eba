/* A field of several lines whose form is sent by Enter, as in a conversation. Shift+Enter adds a line; so does Enter on a
   phone, whose keyboard has no Shift+Enter. */

import { isComposing } from "../lib/text_input.js";

export function enterSends(field) {
  const touch = () => matchMedia("(pointer: coarse)").matches;
  field.enterKeyHint = touch() ? "enter" : "send";
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || isComposing(event) || touch()) return;
    event.preventDefault();
    field.form.requestSubmit();
  });
}
