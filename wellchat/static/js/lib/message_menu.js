/* The menu of a message. The page has one, which is made when it is first opened. */

import { clone, part, write } from "./dom.js";
import { OPEN_SELECTOR } from "./popover.js";
import { letterOf } from "./text_input.js";
import { t } from "./i18n.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 };
const LETTERS = { r: "reply", e: "edit", c: "copy", l: "link", p: "pin", u: "unread", d: "delete" };
const GAP = 6; // px

export class MessageMenu {
  #menu = null;
  #message = null;
  #back = null; // where the focus came from
  #timer = null;

  /** act: {react(message, emoji, on), reactWith(message, emoji), reply, edit, copy, link, pin, unread, delete}; each gets the message and its row. */
  constructor(root, { viewerId, act, editable }) {
    Object.assign(this, { root, viewerId, act, editable });
  }

  open(message, row, anchor) {
    const menu = (this.#menu ??= this.#make());
    this.#message = message;
    this.row = row;
    this.#back = row;
    this.#fit(message);
    menu.showPopover();
    this.#place(anchor.getBoundingClientRect());
    menu.querySelector("[data-emoji]").focus({ preventScroll: true });
  }

  /** Keeps the menu open when the finger lifts that opened it by a long press, and chooses nothing then: what it touches until
      then is the menu as a whole. */
  keep(finger) {
    try {
      this.#menu.setPointerCapture(finger);
    } catch {
      // it has lifted already
    }
  }

  #make() {
    const menu = clone(this.root, "message-menu");
    this.root.append(menu);
    menu.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (button?.dataset.emoji) this.#toggle(button.dataset.emoji, button.getAttribute("aria-pressed") !== "true");
      if (button?.dataset.do) this.#do(button.dataset.do);
    });
    part(menu, "other-emoji").addEventListener("submit", (event) => {
      event.preventDefault();
      const emoji = event.target.elements.emoji.value.trim();
      if (emoji) this.#reactWith(emoji);
    });
    menu.addEventListener("keydown", (event) => this.#key(event));
    menu.addEventListener("toggle", ({ newState }) => {
      if (newState !== "closed") return;
      clearTimeout(this.#timer);
      if (!document.activeElement || document.activeElement === document.body || menu.contains(document.activeElement)) {
        this.#back?.focus({ preventScroll: true });
      }
    });
    return menu;
  }

  /** Shows the actions that are allowed for this message, for as long as they are. */
  #fit(message) {
    const mine = message.sender_id === this.viewerId;
    const show = (name, shown) => (this.#menu.querySelector(`[data-do="${name}"]`).hidden = !shown);
    const left = mine ? this.editable(message) : 0;
    for (const name of ["reply", "copy", "pin"]) show(name, !message.deleted);
    show("edit", left > 0);
    show("delete", mine);
    show("unread", !mine);
    for (const link of this.#menu.querySelectorAll("[data-message-link]")) {
      link.hidden = mine || message.system;
      link.href = link.dataset.messageLink.replace("{seq}", message.seq);
    }
    part(this.#menu, "pin-word").textContent = message.pinned_at ? t("Unpin") : t("Pin");
    write(part(this.#menu, "menu-problem"), "");
    part(this.#menu, "other-emoji").reset();
    for (const button of this.#menu.querySelectorAll("[data-emoji]")) {
      const given = message.reactions?.find(({ emoji }) => emoji === button.dataset.emoji);
      button.setAttribute("aria-pressed", String(Boolean(given?.user_ids.includes(this.viewerId))));
    }
    clearTimeout(this.#timer);
    if (left > 0) this.#timer = setTimeout(() => show("edit", false), left);
  }

  /** Places the menu beside its button; on narrow pages the style sheet puts it at the lower edge. */
  #place({ top, bottom, left, right }) {
    const { style } = this.#menu;
    const { width, height } = this.#menu.getBoundingClientRect();
    const below = bottom + GAP + height <= innerHeight;
    style.top = `${Math.max(GAP, below ? bottom + GAP : Math.min(top - GAP - height, innerHeight - height - GAP))}px`;
    style.left = `${Math.max(GAP, Math.min(left + width <= innerWidth - GAP ? left : right - width, innerWidth - width - GAP))}px`;
  }

  /** A chosen emoji is shown before the server answers. */
  #toggle(emoji, on) {
    this.#menu.hidePopover();
    this.act.react(this.#message, emoji, on);
  }

  /** The typed text may be no emoji; the error is shown in the menu. */
  async #reactWith(emoji) {
    try {
      await this.act.reactWith(this.#message, emoji);
      this.#menu.hidePopover();
    } catch (error) {
      write(part(this.#menu, "menu-problem"), error.message);
    }
  }

  async #do(name) {
    const [message, row] = [this.#message, this.row];
    try {
      if (name === "reply" || name === "edit" || name === "delete") this.#menu.hidePopover(); // they take the focus
      await this.act[name](message, row);
      if (this.#menu.matches(OPEN_SELECTOR)) this.#menu.hidePopover();
    } catch (error) {
      if (this.#menu.matches(OPEN_SELECTOR)) write(part(this.#menu, "menu-problem"), error.message);
    }
  }

  #key(event) {
    if (event.target.matches("input") || event.ctrlKey || event.metaKey || event.altKey) return;
    const chosen = this.#menu.querySelector(`[data-do="${LETTERS[letterOf(event)]}"]:not([hidden])`);
    if (chosen) {
      event.preventDefault();
      return chosen.click();
    }
    const stops = [...this.#menu.querySelectorAll("button:not([hidden]), a:not([hidden]), input")].filter((one) => one.offsetParent);
    const at = stops.indexOf(document.activeElement);
    const turned = /Left|Right/.test(event.key) && getComputedStyle(this.#menu).direction === "rtl" ? -1 : 1;
    const to = event.key === "Home" ? 0 : event.key === "End" ? stops.length - 1 : at + (STEPS[event.key] ?? NaN) * turned;
    if (Number.isNaN(to)) return;
    event.preventDefault();
    stops[(to + stops.length) % stops.length].focus();
  }
}
