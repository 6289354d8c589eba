/* Keyboard shortcuts of the list. They do nothing while a person types, or over a menu or a dialog. */

import { part } from "../lib/dom.js";
import { isComposing, letterOf } from "../lib/text_input.js";
import { OPEN_SELECTOR } from "../lib/popover.js";

const TYPING = "input, textarea, select, [contenteditable]";

export function keyboardShortcuts(root, { rows, rowOf, open, menu, apply, undo, pick }) {
  const list = part(root, "list");
  const dialog = part(root, "shortcuts");
  const focused = () => document.activeElement?.closest?.("[data-thread-id]:is(li)");
  const meant = () => focused() ?? rowOf(open);

  function step(by) {
    const all = rows();
    const from = meant();
    const next = from ? all[all.indexOf(from) + by] : all[by > 0 ? 0 : all.length - 1];
    next?.querySelector("a").focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  const onRow = (what) => () => {
    const row = meant();
    if (row) what(row);
    return Boolean(row);
  };
  /* What is selected, or else the row of the keyboard. */
  const chosen = (row) => {
    const picked = root.dataset.picking === undefined ? [] : rows().filter((each) => part(each, "pick").checked);
    return picked.length ? picked : row;
  };
  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    e: onRow((row) => apply(chosen(row), { archived: "toggle" })),
    z: () => undo(),
    x: onRow((row) => pick(row)),
    n: onRow((row) => apply(chosen(row), { needs_answer: false })),
    p: onRow((row) => apply(chosen(row), { pinned: "toggle" })),
    u: onRow((row) => apply(chosen(row), { read: true })),
    m: onRow((row) => menu(row, "mute")),
    s: onRow((row) => menu(row, "snooze")),
    ".": onRow((row) => menu(row)),
    "/": () => root.querySelector('[type="search"]')?.focus(),
    "?": () => dialog.showModal(),
  };
  const IN_LIST = { ArrowDown: KEYS.j, ArrowUp: KEYS.k };

  return (event) => {
    const { target, key } = event;
    if (event.defaultPrevented || event.altKey || isComposing(event)) return;
    if ((event.ctrlKey || event.metaKey) && (key !== "z" || event.shiftKey)) return;
    if (target.closest(TYPING) || document.querySelector(`dialog[open], ${OPEN_SELECTOR}`)) return;
    const action = KEYS[event.shiftKey ? key : letterOf(event)] ?? (list.contains(target) ? IN_LIST[key] : null);
    if (action && list.getClientRects().length && action() !== false) event.preventDefault();
  };
}
