/* The pinned messages in the side panel, and the button for them in the head of the thread. */

import { cut } from "../lib/cut.js";
import { clone, part } from "../lib/dom.js";
import { nameOf } from "../lib/message_words.js";

export function pins(section, app) {
  const { threadId } = section.dataset;
  const shell = section.closest(".shell");
  const list = part(section, "pins");
  const link = shell.querySelector('[data-action="pins"]');
  const who = (id) => nameOf(id, app.viewerId, part(shell, "log").getAttribute("aria-label"));

  function put(message) {
    let row = list.querySelector(`[data-pin="${message.seq}"]`);
    if (!message.pinned_at) return row?.remove();
    row ??= clone(section, "pin-row");
    row.dataset.pin = message.seq;
    row.dataset.at = message.pinned_at;
    part(row, "pin-link").href = `/threads/${threadId}/messages/${message.seq}`;
    part(row, "pin-who").textContent = who(message.sender_id);
    part(row, "pin-words").textContent = cut(message.body, 140);
    list.insertBefore(row, [...list.children].find((other) => other !== row && other.dataset.at <= message.pinned_at) ?? null);
  }

  function count() {
    const number = list.childElementCount;
    list.hidden = number === 0;
    part(section, "no-pins").hidden = number > 0;
    link.hidden = number === 0;
    part(link, "pin-count").textContent = number || "";
  }

  app.store.on(({ messages }) => {
    const here = messages.filter((message) => message.thread_id === threadId);
    if (!here.length) return;
    here.forEach((message) => put(app.optimistic.applyTo(message)));
    count();
  });

  link.addEventListener("click", (event) => {
    event.preventDefault();
    const panel = part(shell, "panel");
    if (getComputedStyle(panel).display === "none") shell.querySelector(".thread__panel").click();
    section.scrollIntoView({ block: "nearest" });
    (part(section, "pin-link") ?? section).focus({ preventScroll: true });
  });

  list.addEventListener("click", (event) => {
    const row = event.target.closest("[data-pin]");
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    part(shell, "panel").removeAttribute("data-open");
    if (location.hash === `#${row.dataset.pin}`) window.dispatchEvent(new HashChangeEvent("hashchange"));
    else location.hash = row.dataset.pin;
  });
}
