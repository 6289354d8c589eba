/* The list of conversations. Updates move its rows: pinned ones on top, then the latest. */

import { cut } from "../lib/cut.js";
import { before, belongs, fillConversation, previewText, showWaiting } from "../lib/conversation_row.js";
import { clone, part } from "../lib/dom.js";
import { messageText } from "../lib/files.js";
import { withDelayedIndicator } from "../lib/delayed_indicator.js";
import { t } from "../lib/i18n.js";

const MINUTE = 60_000;

export function inbox(root, app) {
  const list = part(root, "list");
  const { query } = root.dataset;
  const shows = JSON.parse(root.dataset.shows);
  const open = root.dataset.threadId;
  let more = part(root, "more");

  const rows = () => [...list.querySelectorAll("[data-thread-id]")];
  const rowOf = (id) => list.querySelector(`[data-thread-id="${CSS.escape(id)}"]`);

  app.store.on(({ threads, typing }) => {
    for (const thread of threads) show(thread);
    for (const id of typing) showPreview(id);
    showEmpty();
  });
  app.drafts.onChange((id) => id !== open && showPreview(id));

  function showEmpty() {
    part(root, "empty").hidden = rows().length > 0 || Boolean(more);
  }

  function show(thread, { add = !shows.q } = {}) {
    let row = rowOf(thread.id);
    if (!belongs(thread, shows) && thread.id !== open) return row && remove(row);
    if (!row && (!add || !belongs(thread, shows))) return;
    const known = Number(row?.querySelector('[data-part="unread"]').textContent || 0);
    const fresh = !row;
    if (fresh) ready((row = clone(root, "row")));
    // A message in the open thread is about to be read, so no number must flash up.
    const reading = thread.id === open && app.attention.looking && app.open.atEnd();
    fillConversation(row, thread, { unread: reading ? 0 : thread.unread, query, app });
    delete row.dataset.preview;
    place(row, thread);
    showPreview(thread.id, thread);
    if (!add || thread.id === open || thread.unread <= known || !thread.last_message || thread.last_message.deleted) return;
    app.announce(`${thread.title}: ${messageText(thread.last_message)}`);
  }

  function remove(row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    if (row.contains(document.activeElement)) next?.querySelector("a")?.focus({ preventScroll: true });
    row.remove();
  }

  const orderOf = (row) => ({ pinned: row.classList.contains("conversation--pinned"), at: Date.parse(row.dataset.at) });

  function place(row, { listed_at: at }) {
    row.dataset.at = at;
    const mine = orderOf(row);
    const [above, below] = [row.previousElementSibling, row.nextElementSibling].map((other) => other?.dataset.at && orderOf(other));
    if (row.isConnected && !(above && before(mine, above)) && !(below && before(below, mine))) return;
    const next = rows().find((other) => other !== row && !before(orderOf(other), mine));
    const focused = row.contains(document.activeElement) ? document.activeElement : null;
    list.insertBefore(row, next ?? more);
    focused?.focus({ preventScroll: true }); // a row that is moved loses the focus
  }

  /* Shows typing before a draft, and a draft before the last message. */
  function showPreview(id, thread = app.store.threads.get(id)) {
    const row = rowOf(id);
    if (!row) return;
    const preview = part(row, "preview");
    const typing = app.store.isTyping(id);
    const draft = id === open ? "" : app.drafts.read(id).trim();
    row.dataset.preview ??= preview.textContent;
    if (thread) row.dataset.preview = previewText(thread, app.viewerId);
    preview.classList.toggle("conversation__preview--typing", typing);
    preview.classList.toggle("conversation__preview--draft", !typing && Boolean(draft));
    preview.textContent = typing ? t("Typing…") : draft ? t("Draft: %(words)s", { words: cut(draft, 120) }) : row.dataset.preview;
    if (typing) setTimeout(() => showPreview(id), app.store.typing.get(id) - Date.now() + 50); // disappears by itself
  }

  /* Loads more rows before the reader reaches the end. The link does the same without a script. */
  let loading = false;

  async function load() {
    if (loading || !more) return;
    loading = true;
    const coming = (slow) => {
      part(more, "coming").hidden = !slow;
      more.querySelector("a").hidden = slow;
    };
    try {
      const wanted = { ...Object.fromEntries(new URLSearchParams(query)), before: more.dataset.next, limit: 30 };
      const { threads, next } = await withDelayedIndicator(app.api.get("/threads", wanted), coming);
      for (const thread of threads) show(newer(app.store.threads.get(thread.id), thread), { add: true });
      if (next) more.dataset.next = next;
      else more = more.remove() ?? null;
      showEmpty();
    } finally {
      loading = false;
    }
    if (more && more.getBoundingClientRect().top < list.getBoundingClientRect().bottom + 400) await load();
  }

  const newer = (known, loaded) => (known && known.last_seq > loaded.last_seq ? known : loaded);

  if (more) {
    more.querySelector("a").addEventListener("click", (event) => (event.preventDefault(), load().catch(() => {})));
    const watch = new IntersectionObserver(([entry]) => entry.isIntersecting && load().catch(() => {}), {
      root: list,
      rootMargin: "400px 0px",
    });
    watch.observe(more);
  }

  function ready(row) {
    row.querySelector('[data-action="row-menu"]').hidden = false;
  }

  /* Loads the menu of the rows when it is first needed. */
  const menu = async (row, focus) => (await import("./conversation_menu.js")).conversationMenu(root, app, { open, query, shows }).show(row, focus);
  const apply = async (row, change) => (await import("./conversation_menu.js")).conversationMenu(root, app, { open, query, shows }).apply(row, change);

  list.addEventListener("click", ({ target }) => {
    const button = target.closest('[data-action="row-menu"]');
    if (button) menu(button.closest("[data-thread-id]"));
  });
  rows().forEach((row) => (ready(row), showPreview(row.dataset.threadId)));
  setInterval(() => rows().forEach((row) => showWaiting(row, app.times)), MINUTE);
  /* Loads the shortcuts too; keys that are pressed meanwhile wait for them. */
  let coming = null;
  let keys = null;
  document.addEventListener("keydown", async (event) => {
    if (keys) return keys(event);
    if (event.target.closest("input, textarea, select")) return;
    coming ??= import("./keyboard_shortcuts.js").then(({ keyboardShortcuts }) => keyboardShortcuts(root, { rows, rowOf, open, menu, apply }));
    (keys = await coming)(event);
  });
}
