/* An open conversation: draws what arrives, keeps the reader's place, marks as read what was seen. */

import { part, plural, setAvatar } from "../lib/dom.js";
import { inWords } from "../lib/files.js";
import { Scroller } from "../lib/scroller.js";
import { Timeline } from "../lib/timeline.js";
import { Reader } from "../models/reader.js";
import { paging } from "./paging.js";
import { showTyping } from "./typing.js";

export function thread(root, app) {
  const state = JSON.parse(root.dataset.thread);
  const { id } = state;
  const log = part(root, "log");
  const timeline = new Timeline(root, app);
  const scroller = new Scroller(log, { moved: () => (showJump(), see()) });
  let missed = 0;

  app.store.threads.set(id, state);
  const current = () => app.store.threads.get(id) ?? state;
  const reader = new Reader({
    api: app.api,
    threadId: id,
    lastRead: state.last_read_seq,
    looking: () => app.attention.looking,
    read: ({ membership, unread }) => app.store.apply({ threads: [{ ...current(), ...membership, id }], unread }),
  });
  const pages = paging(root, app, { id, timeline, scroller, current });
  app.open = { id, first: () => timeline.first, atEnd: () => scroller.pinned };

  function see() {
    if (reader.lastRead >= timeline.last) return;
    const end = log.getBoundingClientRect().bottom;
    const shown = timeline.rows.findLast((row) => row.dataset.seq && row.getBoundingClientRect().top < end - 8);
    if (shown) reader.saw(Number(shown.dataset.seq));
  }

  function showJump() {
    if (scroller.pinned) missed = 0;
    const jump = part(root, "jump");
    jump.hidden = scroller.pinned || (!missed && scroller.below < 600);
    jump.classList.toggle("jump--new", missed > 0);
    part(root, "jump-words").textContent = missed ? plural(missed, "new message") : "Latest";
  }

  function arrive(message) {
    if (timeline.first > 1 && message.seq < timeline.first) return; // comes with the earlier messages, when asked for
    if (message.seq > timeline.last + 1) return; // never a gap: pages.catchUp() brings it with those before it
    const mine = message.sender_id === app.viewerId;
    const latest = message.seq > timeline.last;
    const row = timeline.put(message);
    if (!row || !latest) return;
    row.classList.add("message--arriving");
    if (mine) return;
    if (!(app.attention.looking && scroller.pinned) && !dividesUnread()) timeline.divide(message.seq);
    if (!scroller.pinned) missed += 1;
    if (!message.deleted) app.announce(`${shown.name}: ${message.body || inWords(message.attachments)}`);
  }

  /* A line already drawn stands while what is below it is unread. */
  function dividesUnread() {
    const below = part(root, "divider")?.nextElementSibling;
    return below && Number(below.dataset.seq) > reader.lastRead;
  }

  function send(entry) {
    const row = timeline.pend(entry);
    if (!row) return;
    row.classList.add("message--arriving");
    timeline.divide(null);
    scroller.toEnd();
  }

  let shown = state.other;

  /* Somebody has another name or picture: in the head, at their messages, and in the rows that are yet to be drawn. */
  function showPerson({ other }) {
    if (other.name === shown.name && other.avatar_url === shown.avatar_url) return;
    shown = other;
    const drawn = [root, ...[...root.querySelectorAll("template")].map((template) => template.content)];
    drawn.flatMap((place) => [...place.querySelectorAll('[data-part="avatar"]')]).forEach((face) => setAvatar(face, other));
    part(root, "who").title = part(root, "name").textContent = other.name;
    log.setAttribute("aria-label", other.name);
  }

  function apply(changes) {
    const here = (list) => list.filter((item) => item.thread_id === id);
    here(changes.pending).forEach(send);
    here(changes.dropped).forEach((entry) => timeline.drop(entry.client_key));
    changes.confirmed.forEach(({ key, message }) => timeline.confirm(key, message));
    here(changes.messages).sort((a, b) => a.seq - b.seq).forEach(arrive);
    reader.know(current().last_read_seq);
    timeline.draw(current());
    showPerson(current());
  }

  app.store.on((changes) => {
    scroller.keep(() => timeline.rows, () => (apply(changes), showTyping(root, app, current())));
    showJump();
    see();
    pages.catchUp();
  });

  async function open(seq) {
    if (seq && (await pages.reach(seq))) {
      timeline.row(seq).classList.add("message--found");
      return scroller.show(timeline.row(seq));
    }
    const divider = part(root, "divider");
    if (divider && scroller.beyond(divider)) scroller.show(divider, 0.1);
    else scroller.toEnd();
  }

  part(root, "jump").addEventListener("click", () => {
    scroller.toEnd();
    // The button goes, and with it the focus; on a phone the field would open the keyboard.
    if (!matchMedia("(pointer: coarse)").matches) root.querySelector("textarea").focus({ preventScroll: true });
  });
  root.addEventListener("click", ({ target }) => {
    const key = target.closest("[data-key]")?.dataset.key;
    if (target.dataset.action === "retry") app.outbox.retry(key);
    if (target.dataset.action === "discard") app.outbox.discard(key);
  });
  for (const sign of ["focus", "visibilitychange"]) window.addEventListener(sign, see, { capture: true });
  window.addEventListener("hashchange", () => open(seqOf(location.hash)));
  open(seqOf(location.hash));
  pages.catchUp();
  reader.saw(timeline.last); // opening a conversation reads what the page came with; later arrivals are read when they are seen
}

const seqOf = (hash) => (/^#\d+$/.test(hash) ? Number(hash.slice(1)) : 0);
