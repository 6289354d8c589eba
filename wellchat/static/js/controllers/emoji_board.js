/* The board of emoji: a search field and a grid that the arrow keys walk through. */

import { part } from "../lib/dom.js";
import { find, groups } from "../lib/emoji_names.js";
import { isComposing } from "../lib/text_input.js";
import { t } from "../lib/i18n.js";

const COLUMNS = 8;

export function board(form, { opener, pick }) {
  const box = part(form, "board");
  const grid = part(box, "board-grid");
  const search = part(box, "board-search");
  const buttons = () => [...grid.querySelectorAll("button")];

  function draw() {
    const wanted = search.value.trim().replaceAll(":", "").replaceAll(" ", "_");
    const shown = wanted ? [{ name: t("Found"), emoji: find(wanted, 40) }] : groups;
    grid.replaceChildren(...shown.map(section));
    part(box, "board-none").hidden = !wanted || buttons().length > 0;
    if (buttons().length) buttons()[0].tabIndex = 0;
  }

  if (!box.dataset.ready) {
    box.dataset.ready = "yes";
    search.addEventListener("input", draw);
    search.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") (event.preventDefault(), buttons()[0]?.focus());
      if (event.key !== "Enter" || isComposing(event)) return;
      event.preventDefault(); // the form around it is the message's
      buttons()[0]?.click();
    });
    grid.addEventListener("keydown", (event) => {
      const ahead = getComputedStyle(box).direction === "rtl" ? -1 : 1;
      const step = { ArrowRight: ahead, ArrowLeft: -ahead, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key];
      const all = buttons();
      const at = all.indexOf(document.activeElement);
      if (!step || at < 0) return;
      event.preventDefault();
      const next = all[at + step];
      (next ?? (step < 0 ? search : all.at(-1))).focus();
    });
    grid.addEventListener("click", ({ target }) => {
      const { sign } = target.dataset;
      if (!sign) return;
      box.hidePopover();
      pick(sign);
    });
    box.addEventListener("toggle", ({ newState }) => opener.setAttribute("aria-expanded", String(newState === "open")));
  }
  search.value = "";
  draw();
  const at = opener.getBoundingClientRect();
  box.showPopover();
  const left = document.dir === "rtl" ? at.left : at.right - box.offsetWidth;
  box.style.left = `${Math.max(12, Math.min(left, innerWidth - box.offsetWidth - 12))}px`;
  box.style.top = `${Math.max(12, at.top - box.offsetHeight - 12)}px`;
  search.focus();
}

function section({ name, emoji }) {
  const group = document.createElement("div");
  group.className = "board__group";
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", name);
  for (const { sign, names } of emoji) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: sign, tabIndex: -1 });
    button.className = "board__one";
    button.title = names[0].replaceAll("_", " ");
    button.setAttribute("aria-label", button.title);
    button.dataset.sign = sign;
    group.append(button);
  }
  return group;
}
