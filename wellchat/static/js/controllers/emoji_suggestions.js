/* Emoji by name: a list over the field while `:name` is typed. */

import { part } from "../lib/dom.js";
import { find, named } from "../lib/emoji_names.js";
import { isComposing } from "../lib/text_input.js";
import { shortcodeAt } from "../lib/shortcode.js";

export function suggestions(form, insert) {
  const field = form.elements.body;
  const list = part(form, "suggestions");
  let typed = null;
  let chosen = 0;

  function suggest() {
    typed = shortcodeAt(field.value, field.selectionStart);
    const sign = typed?.closed && named(typed.name);
    if (sign) return put(sign);
    const found = typed && !typed.closed ? find(typed.name, 6) : [];
    if (!found.length) return close();
    list.replaceChildren(...found.map(option));
    list.hidden = false;
    choose(0);
  }

  function choose(index) {
    const options = [...list.children];
    chosen = (index + options.length) % options.length;
    options.forEach((one, i) => one.setAttribute("aria-selected", String(i === chosen)));
    field.setAttribute("aria-activedescendant", options[chosen].id);
    field.setAttribute("aria-controls", list.id);
  }

  function close() {
    typed = null;
    list.hidden = true;
    field.removeAttribute("aria-activedescendant");
    field.removeAttribute("aria-controls");
  }

  function put(sign) {
    const where = typed;
    close();
    insert(sign, where);
  }

  const take = (one) => put(`${one.dataset.sign} `);
  const ACTIONS = {
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
    if (event.target !== field || list.hidden || isComposing(event) || event.shiftKey || event.ctrlKey || event.metaKey || !ACTIONS[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    ACTIONS[event.key]();
  }, { capture: true });
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // the field keeps the focus
    const one = event.target.closest("[role=option]");
    if (one) take(one);
  });
  suggest();
}

function option({ sign, names: [name] }, index) {
  const one = Object.assign(document.createElement("li"), { id: `suggestion-${index}`, className: "suggestions__one" });
  one.setAttribute("role", "option");
  one.dataset.sign = sign;
  one.append(Object.assign(document.createElement("span"), { textContent: sign }), ` :${name}:`);
  return one;
}
