/* Emoji: by name while typing, or from a small board. The names come when they are first needed. */

import { part } from "../lib/dom.js";
import { shortcodeAt } from "../lib/shortcode.js";

const names = () => import("../lib/emoji_names.js");

export function emoji(form) {
  const field = form.elements.body;
  const list = part(form, "suggestions");
  const opener = part(form, "emoji");
  let typed = null;
  let chosen = 0;

  function insert(sign, { from, to } = { from: field.selectionStart, to: field.selectionEnd }) {
    field.setRangeText(sign, from, to, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  async function suggest() {
    typed = shortcodeAt(field.value, field.selectionStart);
    if (!typed) return close();
    const wanted = typed;
    const { find, named } = await names();
    if (wanted !== typed) return;
    if (typed.closed) {
      const sign = named(typed.name);
      close();
      if (sign) insert(sign, wanted);
      return;
    }
    show(find(typed.name, 6));
  }

  function show(found) {
    if (!found.length) return close();
    list.replaceChildren(...found.map(({ sign, names: [name] }, i) => {
      const option = document.createElement("li");
      Object.assign(option, { id: `suggestion-${i}`, className: "suggestions__one" });
      option.setAttribute("role", "option");
      option.dataset.sign = sign;
      option.append(Object.assign(document.createElement("span"), { textContent: sign }), ` :${name}:`);
      return option;
    }));
    list.hidden = false;
    choose(0);
  }

  function choose(index) {
    const options = [...list.children];
    chosen = (index + options.length) % options.length;
    options.forEach((option, i) => option.setAttribute("aria-selected", String(i === chosen)));
    field.setAttribute("aria-activedescendant", options[chosen].id);
    field.setAttribute("aria-controls", list.id);
  }

  function close() {
    typed = null;
    list.hidden = true;
    field.removeAttribute("aria-activedescendant");
    field.removeAttribute("aria-controls");
  }

  function take(option) {
    const where = typed;
    close();
    if (where) insert(option.dataset.sign + " ", where);
  }

  const DEEDS = {
    ArrowDown: () => choose(chosen + 1),
    ArrowUp: () => choose(chosen - 1),
    Enter: () => take(list.children[chosen]),
    Tab: () => take(list.children[chosen]),
    Escape: close,
  };

  field.addEventListener("input", (event) => !event.isComposing && suggest());
  field.addEventListener("blur", close);
  // Before the composer hears it: Enter chooses here, and sends nothing.
  form.addEventListener("keydown", (event) => {
    if (event.target !== field || list.hidden || event.isComposing || event.shiftKey || !DEEDS[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    DEEDS[event.key]();
  }, { capture: true });
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // the field keeps the focus
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });

  if (!opener || matchMedia("(pointer: coarse)").matches) return; // a phone's own keyboard has them
  opener.hidden = false;
  opener.addEventListener("click", async () => {
    const { board } = await import("./emoji_board.js");
    await board(form, { opener, pick: (sign) => (insert(sign), field.focus({ preventScroll: true })) });
  });
}
