/* Emoji by name while typing, or from a board. Both are loaded when they are first needed. */

import { part } from "../lib/dom.js";
import { insertText } from "../lib/text_input.js";

export function emoji(form) {
  const field = form.elements.body;
  const opener = part(form, "emoji");

  const insert = (sign, { from, to } = {}) => insertText(field, sign, from, to);

  const begin = (event) => {
    if (!field.value.includes(":") || event.isComposing) return;
    field.removeEventListener("input", begin);
    import("./emoji_suggestions.js").then(({ suggestions }) => suggestions(form, insert));
  };
  field.addEventListener("input", begin);

  if (!opener || matchMedia("(pointer: coarse)").matches) return; // a phone's own keyboard has them
  opener.hidden = false;
  opener.addEventListener("click", async () => {
    const { board } = await import("./emoji_board.js");
    board(form, { opener, pick: insert });
  });
}
