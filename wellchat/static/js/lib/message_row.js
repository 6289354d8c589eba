/* Draws a row of a thread from the server's template. */

import { fillFiles } from "./files.js";
import { clone, linked, part, setTime, write } from "./dom.js";
import { fillDecorations } from "./message_decorations.js";
import { deletedWords } from "./message_words.js";
import { t } from "./i18n.js";

/** view: {root, viewerId, name, times}: the element with the templates, the viewer, the other person, the time formats. */
export function messageRow(message, mine, view) {
  const row = clone(view.root, message.system ? "system" : mine ? "mine" : "theirs");
  fillMessage(row, message, view);
  return row;
}

export function fillMessage(row, message, view) {
  if (message.seq) {
    row.id = message.seq;
    row.dataset.seq = message.seq;
  }
  row.dataset.at = message.created_at;
  row.dataset.via = message.via ?? ""; // the platform sent it in its sender's name
  row.classList.toggle("message--deleted", Boolean(message.deleted));
  say(part(row, "body"), message.deleted ? new Text(deletedWords(message)) : linked(message.body));
  part(row, "body").hidden = !message.deleted && !message.body;
  const hidden = part(row, "hidden"); // only where contact data is hidden
  if (hidden) hidden.hidden = !message.masked || message.deleted;
  fillFiles(row, message);
  fillCard(part(row, "card"), message);
  part(row, "by-email").hidden = !message.by_email;
  part(row, "via").hidden = !message.via || message.deleted;
  part(row, "edited").hidden = !message.edited_at || message.deleted;
  setTime(part(row, "time"), message.created_at, view.times);
  fillDecorations(row, message, view);
  const about = part(row, "subject");
  about.hidden = !message.subject?.title;
  if (message.subject?.title) {
    about.href = `/subjects/${message.subject.id}`;
    part(row, "subject-title").textContent = message.subject.title;
  }
}

/* What a feature asks in a message: there only where such a feature is on. */
function fillCard(card, { card: asked, deleted }) {
  if (!card) return;
  card.hidden = !asked || deleted;
  if (!card.hidden) import("../features/ask_card.js").then(({ askCard }) => askCard(card, null, asked));
}

/* Leaves words that stay as they are: somebody may have selected some of them. */
function say(box, words) {
  const links = (node) => [...(node.querySelectorAll?.("a") ?? [])].map(({ href }) => href).join(" ");
  if (box.textContent !== words.textContent || links(box) !== links(words)) box.replaceChildren(words);
}

const STATES = ["sending", "waiting", "failed"];

/** Draws a message that is being sent; `entry` is null once it has arrived. */
export function markState(row, entry) {
  for (const state of STATES) row.classList.toggle(`message--${state}`, entry?.state === state);
  const failure = part(row, "failure");
  if (!failure) return;
  failure.hidden = !["waiting", "failed"].includes(entry?.state);
  write(part(failure, "reason"), reason(entry));
}

function reason(entry) {
  if (entry?.state === "failed") return `${t("Not sent.")} ${entry.reason}`;
  if (entry?.state !== "waiting") return "";
  if (entry.reason === 401) return t("Not sent. Sign in again, and it goes out.");
  return entry.reason
    ? t("Not sent yet. The server is busy, and we will try again.")
    : t("Not sent. You seem to be offline; it goes out when you are back.");
}
