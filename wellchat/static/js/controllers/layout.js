/* The parts around every page: the unread count, the title, the theme, the panel. */

import { badgeText, part } from "../lib/dom.js";
import { local } from "../lib/storage.js";
import { t, tn } from "../lib/i18n.js";

const READ_DELAY = 300; // ms to wait, because a message in the open thread is read at once and no number must flash up

function onCount(app, show) {
  app.store.on(({ unread: changed }) => changed && setTimeout(show, app.open && app.attention.looking ? READ_DELAY : 0));
}

export function unreadBadge(root, app) {
  onCount(app, () => {
    const { messages } = app.store.unread;
    const badge = part(root, "badge");
    badge.textContent = badgeText(messages);
    badge.hidden = messages === 0;
    part(root, "words").textContent = messages ? tn("%(num)s new message", "%(num)s new messages", messages) : "";
  });
}

export function pageTitle(_root, app) {
  const plain = document.title;
  const show = () => {
    const { messages } = app.store.unread;
    document.title = messages ? `(${messages}) ${plain}` : plain;
  };
  onCount(app, show);
  show();
}

const lossWarning = (lost) =>
  lost === 1
    ? t("1 message has not been sent yet and would be lost. Leave anyway?")
    : t("Some messages have not been sent yet and would be lost. Leave anyway?");

/* A form that ends the session deletes what this browser keeps of the person. */
export function signOut(form, app) {
  form.addEventListener("submit", (event) => {
    const lost = app.store.pending.size;
    if (lost && !confirm(lossWarning(lost))) return event.preventDefault();
    app.drafts.clear();
    app.outbox.clear();
    app.offlineCache.clear();
    app.push.endSession();
  });
}

const YEAR = 31_536_000; // s

export function themeChoice(root) {
  root.addEventListener("click", ({ target }) => {
    const { themeChoice: choice } = target.dataset;
    if (choice === undefined) return;
    // A cookie, so that the server writes it into the page and nothing flashes.
    // Over https a sibling host cannot set this name (RFC 6265bis, 4.1.3.2).
    const [name, flags] = location.protocol === "https:" ? ["__Host-theme", ";secure"] : ["theme", ""];
    document.cookie = `${name}=${choice};path=/;max-age=${choice ? YEAR : 0};samesite=lax${flags}`;
    if (choice) document.documentElement.dataset.theme = choice;
    else delete document.documentElement.dataset.theme;
    for (const other of root.querySelectorAll("[data-theme-choice]")) other.setAttribute("aria-pressed", String(other === target));
  });
}

export function sidePanel(shell) {
  const side = part(shell, "panel");
  const toggles = shell.querySelectorAll('[data-action="panel"]');
  const roomy = () => shell.clientWidth >= 1120; // the width from which the style sheet puts the panel beside the thread
  const shown = () => getComputedStyle(side).display !== "none";
  const opener = shell.querySelector(".thread__panel");
  const say = () => opener.setAttribute("aria-expanded", String(shown()));

  if (local.getItem("wellchat.panel") === "folded") shell.dataset.folded = "";
  for (const toggle of toggles) {
    toggle.addEventListener("click", (event) => {
      event.preventDefault();
      const show = !shown();
      side.toggleAttribute("data-open", show && !roomy());
      if (roomy()) {
        shell.toggleAttribute("data-folded", !show);
        local.setItem("wellchat.panel", show ? "open" : "folded");
      }
      toggle.closest("[popover]")?.hidePopover();
      shell.querySelector(show ? ".panel__close" : ".thread__panel").focus({ preventScroll: true });
    });
  }
  shell.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !side.hasAttribute("data-open")) return;
    side.removeAttribute("data-open");
  });
  new ResizeObserver(say).observe(side); // the window's width also shows and hides it
}
