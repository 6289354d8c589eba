/* Fills a row of the inbox, with the same texts as templates/messaging/_conversation.html. */

import { cut } from "./cut.js";
import { part, setAvatar, setTime, write } from "./dom.js";
import { describeFiles } from "./files.js";
import { t } from "./i18n.js";
import { deletedWords } from "./message_words.js";

/** `unread` may differ from the thread's own: a message that the reader is looking at is about to be read. */
export function fillConversation(row, thread, { unread, query, app }) {
  const { other, last_message: last } = thread;
  row.dataset.threadId = thread.id;
  row.dataset.lastSeq = thread.last_seq;
  row.dataset.presence = other.presence;
  row.classList.toggle("conversation--unread", unread > 0);
  row.classList.toggle("conversation--archived", thread.archived);
  row.classList.toggle("conversation--muted", thread.muted);
  row.classList.toggle("conversation--pinned", thread.pinned);
  row.querySelector("a").href = `/threads/${thread.id}${query && `?${query}`}`;
  setAvatar(part(row, "avatar"), other);
  const title = part(row, "title");
  title.textContent = title.title = thread.title;
  row.querySelector('[data-action="row-menu"]').setAttribute("aria-label", t("Actions: %(title)s", { title: title.textContent }));
  part(row, "pick").setAttribute("aria-label", t("Select: %(title)s", { title: thread.title }));
  write(part(row, "about"), thread.subject?.title);
  setTime(part(row, "time"), last?.created_at ?? thread.updated_at, app.times);
  part(row, "pinned").hidden = !thread.pinned;
  part(row, "archived").hidden = !thread.archived;
  write(part(row, "standing"), thread.standing && (thread.standing === "new" ? t("New") : t("Regular")));
  part(row, "muted").hidden = !thread.muted;
  part(row, "pill").hidden = unread === 0;
  part(row, "unread").textContent = unread || "";
  part(row, "here").textContent = other.presence === "here" ? t("Here now") : "";
  const waiting = part(row, "waiting");
  if (thread.waiting_since) waiting.dataset.since = thread.waiting_since;
  else delete waiting.dataset.since;
  showWaiting(row, app.times);
}

export function showWaiting(row, times) {
  const waiting = part(row, "waiting");
  write(waiting, waiting.dataset.since ? times.waited(waiting.dataset.since) : "");
}

/** Returns the last message in one line. */
export function previewText({ last_message: last }, viewerId) {
  if (!last) return t("No messages yet");
  if (last.deleted) return deletedWords(last);
  const own = last.sender_id === viewerId;
  const about = last.subject?.title;
  const who = about ? `${own ? t("You, about %(title)s:", { title: about }) : t("About %(title)s:", { title: about })} ` : own ? `${t("You:")} ` : "";
  const body = cut(last.body ?? "", 120);
  return who + [describeFiles(last.attachments), body].filter(Boolean).join(" · ");
}

/** Tells whether a filtered list shows this thread. */
export function belongs(thread, { archived, snoozed, unread, waiting, kind, subject, longest }) {
  if (thread.archived !== archived && !(longest && !archived)) return false; // who waits is not lost in the archive
  if ((longest || !archived) && Boolean(thread.snoozed_until) !== snoozed) return false;
  if (subject && thread.subject?.id !== subject) return false;
  return !(unread && !thread.unread) && !(waiting && !thread.waiting_since) && (!kind || thread.kind === kind);
}

/** Compares for the list: pinned threads first, then the latest; or who waits longest. */
export function before(one, other, longest = false) {
  if (longest) return one.since < other.since;
  if (one.pinned !== other.pinned) return one.pinned;
  return one.at > other.at;
}
