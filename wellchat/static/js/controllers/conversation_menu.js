/* The menu that all rows of the inbox share. It opens at the row and shows the actions for its conversation. */

import { part } from "../lib/dom.js";

const made = new WeakMap();

/** `triage` makes the changes: see triage.js. */
export function conversationMenu(root, triage, { shows }) {
  if (!made.has(root)) made.set(root, make(root, triage, shows));
  return made.get(root);
}

function make(root, triage, shows) {
  const menu = part(root, "menu");
  const choices = () => [...menu.querySelectorAll("button")].filter((button) => button.getClientRects().length);
  let row = null;

  function fit() {
    const { pinned, archived, muted, unread, snoozed, waiting } = triage.stateOf(row);
    const fits = {
      "pinned-1": !pinned, "pinned-0": pinned, "archived-1": !archived, "archived-0": archived,
      "mute-off": muted, "snooze-off": snoozed, "read-1": unread, "needs_answer-0": waiting,
    };
    for (const button of menu.querySelectorAll("[data-choice]")) button.hidden = !fits[button.dataset.choice];
    for (const group of menu.querySelectorAll('[role="group"]')) {
      const name = group.querySelector("button").name;
      group.hidden = name === "mute" ? muted : snoozed || archived;
    }
    for (const link of menu.querySelectorAll("[data-row-link]")) link.href = link.dataset.rowLink.replace("{id}", row.dataset.threadId);
  }

  function placeAt(button) {
    const at = button.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = menu;
    const left = Math.max(12, Math.min(document.dir === "rtl" ? at.left : at.right - width, innerWidth - width - 12));
    const top = at.bottom + height + 12 > innerHeight ? Math.max(12, at.top - height - 4) : at.bottom + 4;
    Object.assign(menu.style, { left: `${left}px`, top: `${top}px` });
  }

  /** `focus` is the name of the action that gets the focus. */
  function show(which, focus) {
    row = which;
    const button = row.querySelector('[data-action="row-menu"]');
    fit();
    button.setAttribute("aria-expanded", "true");
    menu.showPopover();
    placeAt(button);
    (choices().find(({ name }) => name === focus) ?? choices()[0])?.focus({ preventScroll: true });
  }

  menu.addEventListener("toggle", ({ newState }) => {
    if (newState !== "closed") return;
    root.querySelector('[data-action="row-menu"][aria-expanded="true"]')?.removeAttribute("aria-expanded");
    const lost = [document.body, null].includes(document.activeElement) || menu.contains(document.activeElement);
    if (lost && row?.isConnected) row.querySelector("a").focus({ preventScroll: true });
  });

  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = choices();
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
  });

  menu.querySelector('[data-action="select-row"]').addEventListener("click", () => {
    menu.hidePopover();
    triage.pick(row, { on: true });
  });

  menu.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const { name, value } = event.submitter;
    const flag = { 0: false, 1: true, off: null };
    const day = menu.querySelector("input[name=snooze_on]");
    if (name === "snooze_on" && !day.value) return day.focus();
    menu.hidePopover();
    triage.apply([row], { [name]: name === "snooze_on" ? day.value : value in flag ? flag[value] : value });
  });

  return { show };
}
