/* The list of conversations. Updates move its rows: pinned ones on top, then the latest. */

import { cut } from "../lib/cut.js";
import { before, belongs, fillConversation, previewText, showWaiting } from "../lib/conversation_row.js";
import { badgeText, clone, part } from "../lib/dom.js";
import { messageText } from "../lib/files.js";
import { withDelayedIndicator } from "../lib/delayed_indicator.js";
import { t } from "../lib/i18n.js";
import { session } from "../lib/storage.js";

const MINUTE = 60_000;
const UNDO = "wellchat.undo"; // what triage.js keeps, for the page that an act leads to

export function inbox(root, app) {
  const list = part(root, "list");
  const { query } = root.dataset;
  const shows = JSON.parse(root.dataset.shows);
  const open = root.dataset.threadId;
  let more = part(root, "more");

  const rows = () => [...list.querySelectorAll("[data-thread-id]")];
  const rowOf = (id) => list.querySelector(`[data-thread-id="${CSS.escape(id)}"]`);

  app.store.on(({ threads, typing, unread }) => {
    if (unread) showCounts(app.store.inbox);
    for (const thread of threads) show(thread);
    for (const id of typing) showPreview(id);
    showEmpty();
  });
  app.drafts.onChange((id) => id !== open && showPreview(id));

  /* What waits, and what is unread where this list does not show it. */
  function showCounts(counts) {
    for (const element of root.querySelectorAll("[data-count]")) {
      const count = counts[element.dataset.count];
      if (count === undefined) continue;
      element.textContent = badgeText(count);
      element.hidden = count === 0;
    }
  }

  function showEmpty() {
    part(root, "empty").hidden = rows().length > 0 || Boolean(more);
  }

  function show(thread, { add = !shows.q && !shows.tag } = {}) {
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

  const comes = (one, other) => before(one, other, shows.longest);
  const isSorted = shows.sort === "priority"; // by the server: a row stays where it is
  const orderOf = (row) => ({ since: Date.parse(part(row, "waiting").dataset.since ?? row.dataset.at), pinned: row.classList.contains("conversation--pinned"), at: Date.parse(row.dataset.at) });

  function place(row, { listed_at: at }) {
    row.dataset.at = at;
    const mine = orderOf(row);
    const [above, below] = [row.previousElementSibling, row.nextElementSibling].map((other) => other?.dataset.at && orderOf(other));
    if (row.isConnected && isSorted) return;
    if (row.isConnected && !(above && comes(mine, above)) && !(below && comes(below, mine))) return;
    const next = rows().find((other) => other !== row && !comes(orderOf(other), mine));
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
      const wanted = { ...Object.fromEntries(new URLSearchParams(query)), ...(shows.longest && { sort: shows.sort }), before: more.dataset.next, limit: 30 };
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

  /* Loads what changes rows when it is first needed. */
  const options = { open, query, shows, rows };
  const triage = async () => (await import("./triage.js")).triage(root, app, options);
  const menu = async (row, focus) => (await import("./conversation_menu.js")).conversationMenu(root, await triage(), options).show(row, focus);
  const doings = { menu, apply: async (...change) => (await triage()).apply(...change), undo: async () => (await triage()).undo(), pick: async (...which) => (await triage()).pick(...which) };

  list.addEventListener("click", (event) => {
    const { target } = event;
    const row = target.closest("[data-thread-id]:is(li)");
    if (target.closest('[data-action="row-menu"]')) return menu(row);
    const picking = root.dataset.picking !== undefined;
    if (!row || !(event.shiftKey || (picking && !event.ctrlKey && !event.metaKey))) return;
    if (target.matches('[data-part="pick"]')) return doings.pick(row, { through: event.shiftKey, on: target.checked });
    event.preventDefault();
    doings.pick(row, { through: event.shiftKey });
  });
  list.addEventListener("contextmenu", (event) => {
    const row = event.target.closest("[data-thread-id]:is(li)");
    if (!row || event.shiftKey || event.pointerType === "touch") return;
    event.preventDefault();
    menu(row);
  });
  list.addEventListener("touchstart", (event) => swiping(event), { passive: true });
  const swiping = async (event) => (await import("../lib/swipe.js")).swipe(event, list, doings.apply);
  if (session.getItem(UNDO)) triage();
  const menuForm = document.querySelector('#thread-menu form[action$="/membership"]');
  menuForm?.addEventListener("submit", (event) => {
    const { name, value } = event.submitter;
    if (name !== "archived" && name !== "snooze") return;
    event.preventDefault();
    doings.apply([rowOf(open) ?? root], { [name]: name === "archived" ? value === "1" : value === "off" ? null : value });
  });
  const find = root.querySelector('[type="search"]');
  find?.addEventListener("keydown", ({ key }) => key === "Escape" && !find.value && find.blur());
  rows().forEach((row) => (ready(row), showPreview(row.dataset.threadId)));
  setInterval(() => rows().forEach((row) => showWaiting(row, app.times)), MINUTE);
  /* Loads the shortcuts too; keys that are pressed meanwhile wait for them. */
  let coming = null;
  let keys = null;
  document.addEventListener("keydown", async (event) => {
    if (keys) return keys(event);
    if (event.target.closest("input, textarea, select")) return;
    coming ??= import("./keyboard_shortcuts.js").then(({ keyboardShortcuts }) => keyboardShortcuts(root, { rows, rowOf, open, ...doings }));
    (keys = await coming)(event);
  });
}
