/* The list of conversations: rows follow the updates, the latest on top. */

import { inWords } from "../lib/files.js";
import { clone, part, setAvatar, setTime, write } from "../lib/dom.js";

export function inbox(root, app) {
  const list = part(root, "list");
  const archived = root.dataset.archived === "true";
  const filtered = root.dataset.filtered === "true";
  const open = root.dataset.threadId;

  app.store.on(({ threads, typing }) => {
    for (const thread of threads) show(thread);
    for (const id of typing) showTyping(id);
    part(root, "empty").hidden = rows().length > 0;
  });

  const rows = () => [...list.querySelectorAll("[data-thread-id]")];
  const rowOf = (id) => list.querySelector(`[data-thread-id="${CSS.escape(id)}"]`);

  function show(thread) {
    let row = rowOf(thread.id);
    if (thread.archived !== archived && thread.id !== open) return row?.remove();
    if (!row && filtered) return;
    const known = Number(row?.querySelector('[data-part="unread"]').textContent || 0);
    row ??= clone(root, "row");
    // What arrives under the reader's eyes is about to be read: no number flashes up for it.
    const reading = thread.id === open && app.attention.looking && app.open.atEnd();
    fill(row, thread, reading ? 0 : thread.unread, app);
    place(row, thread);
    if (thread.id !== open && thread.unread > known && thread.last_message && !thread.last_message.deleted) {
      app.announce(`${thread.title}: ${thread.last_message.body || inWords(thread.last_message.attachments)}`);
    }
  }

  function place(row, { updated_at: at }) {
    row.dataset.at = at;
    if (row.isConnected && inPlace(row)) return;
    const next = rows().find((other) => other !== row && Date.parse(other.dataset.at) <= Date.parse(at));
    const focused = row.contains(document.activeElement) ? document.activeElement : null;
    list.insertBefore(row, next ?? list.querySelector(".conversations__more"));
    focused?.focus({ preventScroll: true }); // moving a row takes the focus from it
  }

  function showTyping(id) {
    const row = rowOf(id);
    const thread = app.store.threads.get(id);
    if (!row) return;
    const preview = part(row, "preview");
    const typing = app.store.isTyping(id);
    preview.classList.toggle("conversation__preview--typing", typing);
    if (typing) {
      row.dataset.said ??= preview.textContent;
      preview.textContent = "Typing…";
      setTimeout(() => showTyping(id), app.store.typing.get(id) - Date.now() + 50); // goes by itself
    } else {
      preview.textContent = thread ? said(thread, app) : (row.dataset.said ?? preview.textContent);
      delete row.dataset.said;
    }
  }
}

function inPlace(row) {
  const at = (other) => Date.parse(other?.dataset?.at ?? NaN);
  const above = row.previousElementSibling;
  const below = row.nextElementSibling;
  return !(at(above) < at(row)) && !(at(below) > at(row));
}

function fill(row, thread, unread, app) {
  const { other, last_message: last } = thread;
  row.dataset.threadId = thread.id;
  row.dataset.presence = other.presence;
  row.classList.toggle("conversation--unread", unread > 0);
  row.classList.toggle("conversation--muted", thread.muted);
  row.querySelector("a").href = `/threads/${thread.id}`;
  setAvatar(part(row, "avatar"), other);
  const title = part(row, "title");
  title.textContent = title.title = thread.context ?? thread.title;
  write(part(row, "who"), thread.context ? thread.title : "");
  setTime(part(row, "time"), last?.created_at ?? thread.updated_at, app.times);
  const preview = part(row, "preview");
  delete row.dataset.said;
  preview.classList.remove("conversation__preview--typing");
  preview.textContent = said(thread, app);
  part(row, "muted").hidden = !thread.muted;
  part(row, "pill").hidden = unread === 0;
  part(row, "unread").textContent = unread || "";
}

function said({ last_message: last }, app) {
  if (!last) return "No messages yet";
  if (last.deleted) return "Message deleted";
  return (last.sender_id === app.viewerId ? "You: " : "") + (last.body.slice(0, 120) || inWords(last.attachments));
}
