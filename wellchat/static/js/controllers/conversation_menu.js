/* The menu that all rows of the inbox share. It opens at the row and shows the actions for its conversation. */

import { part } from "../lib/dom.js";
import { go } from "../lib/surroundings.js";
import { t } from "../lib/i18n.js";

const made = new WeakMap();

export function conversationMenu(root, app, { open, query, shows }) {
  if (!made.has(root)) made.set(root, make(root, app, { open, query, shows }));
  return made.get(root);
}

function make(root, app, { open, query, shows }) {
  const menu = part(root, "menu");
  const choices = () => [...menu.querySelectorAll("button")].filter((button) => button.getClientRects().length);
  let row = null;

  function stateOf({ classList }) {
    const has = (name) => classList.contains(`conversation--${name}`);
    return { pinned: has("pinned"), archived: shows.archived, muted: has("muted"), unread: has("unread"), snoozed: shows.snoozed };
  }

  function fit() {
    const { pinned, archived, muted, unread, snoozed } = stateOf(row);
    const fits = {
      "pinned-1": !pinned, "pinned-0": pinned, "archived-1": !archived, "archived-0": archived,
      "mute-off": muted, "snooze-off": snoozed, "read-1": unread,
    };
    for (const button of menu.querySelectorAll("[data-choice]")) button.hidden = !fits[button.dataset.choice];
    for (const group of menu.querySelectorAll('[role="group"]')) {
      const name = group.querySelector("button").name;
      group.hidden = name === "mute" ? muted : snoozed || archived;
    }
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

  menu.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const { name, value } = event.submitter;
    const flag = { 0: false, 1: true, off: null };
    menu.hidePopover();
    apply(row, { [name]: value in flag ? flag[value] : value });
  });

  /** Makes one change of a conversation. An update brings the result. */
  async function apply(which, change) {
    const { threadId: id, lastSeq } = which.dataset;
    const [name] = Object.keys(change);
    const now = stateOf(which);
    if (change[name] === "toggle") change = { [name]: !now[name] };
    try {
      if (name === "read") await app.api.send("PUT", `/threads/${id}/read`, { seq: Number(lastSeq) });
      else await app.api.send("PATCH", `/threads/${id}/membership`, change);
      app.announce(DONE[name](change[name]));
    } catch (error) {
      return app.announce(`${t("That did not work.")} ${error.message}`);
    }
    // If the open conversation was put away, go back to the list.
    const away = (name === "archived" && change.archived !== shows.archived) || (name === "snooze" && change.snooze);
    if (id === open && away) go(query ? `/?${query}` : "/");
  }

  return { show, apply };
}

const DONE = {
  read: () => t("Marked as read"),
  pinned: (on) => (on ? t("Pinned") : t("Unpinned")),
  archived: (on) => (on ? t("Archived") : t("Moved to the inbox")),
  mute: (on) => (on ? t("Muted") : t("Unmuted")),
  snooze: (on) => (on ? t("Snoozed") : t("Back in the inbox")),
};
