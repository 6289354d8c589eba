/* Draws the quote, the reactions, the pin and the menu button of a message. */

import { clone, part } from "./dom.js";
import { t } from "./i18n.js";
import { nameOf } from "./message_words.js";

/** view: {root, viewerId, name}: the element with the templates, the viewer, and the other person's name. */
export function fillDecorations(row, message, view) {
  const address = message.seq && `/threads/${message.thread_id}/messages/${message.seq}`;
  fillQuote(row, message, view);
  showReactions(row, message, view);
  part(row, "pinned").hidden = !message.pinned_at;
  const more = part(row, "more");
  more.hidden = !address;
  if (!address) return;
  more.href = address;
  passBy(row);
}

/** Keyboards go through the log with the arrow keys: what stands at every message is no stop, but at the one in focus. */
export function passBy(row) {
  part(row, "more").tabIndex = -1;
  if (!row.contains(document.activeElement)) part(row, "subject").tabIndex = -1;
}

function fillQuote(row, { thread_id: id, quote }, { viewerId, name }) {
  const box = part(row, "quote");
  box.hidden = !quote;
  if (!quote) return;
  box.href = `/threads/${id}/messages/${quote.seq}`;
  box.dataset.seqQuoted = quote.seq;
  part(row, "quote-who").textContent = nameOf(quote.sender_id, viewerId, name);
  part(row, "quote-words").textContent = quote.deleted ? t("Message deleted") : quote.body;
}

export function showReactions(row, { thread_id: id, seq, reactions }, view) {
  const shown = reactions ?? [];
  const box = part(row, "reactions");
  box.hidden = shown.length === 0;
  if (box.hidden && !box.firstElementChild) return;
  const focused = box.contains(document.activeElement) ? document.activeElement.value : null;
  box.replaceChildren(...shown.map((each) => reaction(each, `/threads/${id}/messages/${seq}`, view)));
  if (focused) [...box.children].find(({ value }) => value === focused)?.focus({ preventScroll: true });
}

/** Reads the reactions back from a row. It cannot say who else reacted, only that somebody did. */
export function readReactions(row, viewerId) {
  return [...part(row, "reactions").children].map((button) => {
    const mine = button.getAttribute("aria-pressed") === "true";
    const others = !mine || part(button, "count").textContent ? ["other"] : [];
    return { emoji: button.value, user_ids: mine ? [viewerId, ...others] : others };
  });
}

function reaction({ emoji, user_ids: users }, address, { root, viewerId, name }) {
  const button = clone(root, "reaction");
  const mine = users.includes(viewerId);
  button.name = mine ? "remove" : "add";
  button.value = emoji;
  button.setAttribute("formaction", `${address}/reactions`);
  button.setAttribute("aria-pressed", String(mine));
  button.setAttribute("aria-label", `${emoji} ${who(mine, users.length, name)}`);
  part(button, "emoji").textContent = emoji;
  part(button, "count").textContent = users.length > 1 ? users.length : "";
  return button;
}

function who(mine, count, name) {
  if (!mine) return name;
  return count > 1 ? t("You and %(name)s", { name }) : t("You");
}
