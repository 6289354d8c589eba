/* An open conversation: draws new messages, keeps the scroll position, and marks visible messages as read. */

import { part, setAvatar } from "../lib/dom.js";
import { messageText } from "../lib/files.js";
import { Scroller } from "../lib/scroller.js";
import { keepPlace, keptPlace } from "../lib/reading_place.js";
import { Timeline } from "../lib/timeline.js";
import { ReadReceipts } from "../models/read_receipts.js";
import { threadPaging } from "./thread_paging.js";
import { showTyping } from "./typing.js";
import { t, tn } from "../lib/i18n.js";

export function thread(root, app) {
  const state = JSON.parse(root.dataset.thread);
  const { id } = state;
  const log = part(root, "log");
  const timeline = new Timeline(root, app);
  const whole = () => part(root, "newer").hidden;
  const scroller = new Scroller(log, { moved: () => (showJump(), see()), whole });
  let missed = 0;
  let newest = state.last_seq;

  app.store.threads.set(id, state);
  const current = () => app.store.threads.get(id) ?? state;
  const receipts = new ReadReceipts({
    api: app.api,
    threadId: id,
    lastRead: readUpTo(state),
    looking: () => app.attention.looking,
    onRead: ({ membership, unread }) => app.store.apply({ threads: [{ ...current(), ...membership, id }], unread }),
  });
  const paging = threadPaging(root, app, { id, timeline, scroller, current });
  app.open = {
    id,
    first: () => timeline.first,
    last: () => (whole() ? Infinity : timeline.last),
    atEnd: () => scroller.pinned,
    draw: (change) => scroller.keep(() => timeline.rows, () => change(timeline)),
  };

  function see() {
    if (receipts.lastRead >= timeline.last) return;
    if (!whole() && timeline.first > receipts.lastRead + 1) return; // messages between were not visible
    const end = log.getBoundingClientRect().bottom;
    const shown = timeline.rows.findLast((row) => row.dataset.seq && row.getBoundingClientRect().top < end - 8);
    if (shown) receipts.shown(Number(shown.dataset.seq));
  }

  function showJump() {
    if (scroller.pinned) missed = 0;
    const jump = part(root, "jump");
    const below = whole() ? missed : current().unread;
    jump.hidden = scroller.pinned || (whole() && !missed && scroller.below < 600);
    jump.classList.toggle("jump--new", below > 0);
    part(root, "jump-words").textContent = below ? tn("%(num)s new message", "%(num)s new messages", below) : t("Latest");
  }

  function arrive(message) {
    const mine = message.sender_id === app.viewerId;
    const latest = message.seq > newest;
    newest = Math.max(newest, message.seq);
    const row = paging.accepts(message.seq) && timeline.put(message); // others are loaded later, with those around them
    if (latest && !mine && !message.deleted) app.announce(`${shown.name}: ${messageText(message)}`);
    if (!row || !latest) return;
    row.classList.add("message--arriving");
    if (mine) return;
    if (!(app.attention.looking && scroller.pinned) && !dividesUnread()) timeline.divide(message.seq);
    if (!scroller.pinned) missed += 1;
  }

  /* Keeps the unread line while messages below it are unread. */
  function dividesUnread() {
    const below = part(root, "divider")?.nextElementSibling;
    return below && Number(below.dataset.seq) > receipts.lastRead;
  }

  function send(entry) {
    const row = timeline.drawPending(entry);
    if (!row) return;
    row.classList.add("message--arriving");
    timeline.divide(null);
    scroller.toEnd();
    if (!whole()) toLatest();
  }

  const toLatest = () => paging.loadLatest().then(() => (scroller.toEnd(), see()), () => {});

  function confirm(message) {
    if (whole()) timeline.confirm(message.client_key, message);
    else timeline.sent(message.client_key);
  }

  let shown = state.other;

  /* Shows a new name or picture of the other person: in the head, at messages, and in rows that are drawn later. */
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
    here(changes.dropped).forEach((entry) => timeline.removePending(entry.client_key));
    here(changes.confirmed.map(({ message }) => message)).forEach(confirm);
    here(changes.messages).sort((a, b) => a.seq - b.seq).forEach(arrive);
    paging.trim();
    receipts.alreadyRead(readUpTo(current()));
    timeline.draw(current());
    showPerson(current());
  }

  app.store.on((changes) => {
    scroller.keep(() => timeline.rows, () => (apply(changes), showTyping(root, app, current())));
    showJump();
    see();
    paging.catchUp();
  });

  async function open(seq) {
    if (seq && (await paging.loadAround(seq))) {
      timeline.row(seq).classList.add("message--found");
      return scroller.show(timeline.row(seq));
    }
    const place = keptPlace();
    if (place && (await paging.loadAround(place.seq))) return scroller.put(timeline.row(place.seq), place.by);
    const divider = part(root, "divider");
    if (divider && scroller.beyond(divider)) scroller.show(divider, 0.1);
    else scroller.toEnd();
  }

  async function openDay(date) {
    const seq = await paging.loadDay(date).catch(() => 0);
    if (!seq) return;
    scroller.show(timeline.row(seq).closest(".day"), 0.02);
    log.focus({ preventScroll: true });
  }

  part(root, "jump-date")?.addEventListener("submit", (event) => {
    event.preventDefault();
    event.target.closest("[popover]")?.hidePopover();
    openDay(event.target.elements.date.value);
  });

  part(root, "jump").addEventListener("click", () => {
    if (whole()) scroller.toEnd();
    else toLatest();
    // The button disappears, so move the focus; not to the field, which would open a phone's keyboard.
    if (!matchMedia("(pointer: coarse)").matches) root.querySelector("textarea").focus({ preventScroll: true });
  });
  root.addEventListener("click", ({ target }) => {
    const key = target.closest("[data-key]")?.dataset.key;
    if (target.dataset.action === "retry") app.outbox.retry(key);
    if (target.dataset.action === "discard") app.outbox.discard(key);
  });
  for (const sign of ["focus", "visibilitychange"]) window.addEventListener(sign, see, { capture: true });
  window.addEventListener("hashchange", () => open(seqOf(location.hash)));
  open(seqOf(location.hash) || Number(new URL(location).searchParams.get("at"))).then(() => {
    // Opening a conversation reads the messages of its page; later ones are read when they are visible.
    if (whole()) receipts.shown(timeline.last);
  });
  paging.catchUp();
  keepPlace(log, { rows: () => timeline.rows, atEnd: () => scroller.pinned });
}

/* Returns the seq below the first unread message: the watermark, or where the thread was marked as unread. */
const readUpTo = ({ last_read_seq: read, unread_from: from }) => (from ? Math.min(read, from - 1) : read);

const seqOf = (hash) => (/^#\d+$/.test(hash) ? Number(hash.slice(1)) : 0);
