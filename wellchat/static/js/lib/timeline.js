/* The rows of a thread: days in order, rows in order within each day, messages that are being sent last. */

import { clone, part, setTime } from "./dom.js";
import { fillMessage, markState, messageRow } from "./message_row.js";
import { t } from "./i18n.js";

const GROUP = 300_000; // ms within which messages of one person are one group

export class Timeline {
  #days = new Set(); // sections whose groups have to be drawn again

  constructor(root, { viewerId, times, optimistic, clock }) {
    Object.assign(this, { root, viewerId, times, optimistic, clock, box: part(root, "rows") });
  }

  /** Sets the other person. */
  get name() {
    return part(this.root, "log").getAttribute("aria-label");
  }

  get rows() {
    return [...this.box.querySelectorAll(".day > .message")];
  }

  get first() {
    return Number(this.box.querySelector("[data-seq]")?.dataset.seq ?? 0);
  }

  get last() {
    return Number([...this.box.querySelectorAll("[data-seq]")].at(-1)?.dataset.seq ?? 0);
  }

  row(seq) {
    return this.box.querySelector(`[data-seq="${Number(seq)}"]`);
  }

  /** Draws a message, or updates its row. Returns the row if it is new. */
  put(message) {
    const known = this.row(message.seq);
    if (known) {
      fillMessage(known, this.optimistic.applyTo(message), this);
      return null;
    }
    const row = messageRow(this.optimistic.applyTo(message), message.sender_id === this.viewerId, this);
    if (message.client_key) this.removePending(message.client_key); // its row was drawn while it was being sent
    this.#place(row, message);
    return row;
  }

  /** Removes the rows from one seq to another. */
  cut(from, to) {
    for (let seq = from; seq <= to; seq++) {
      const row = this.row(seq);
      if (row) this.#remove(row);
    }
  }

  /** Removes all messages except those that are being sent. */
  clear() {
    part(this.box, "divider")?.remove();
    this.box.querySelectorAll("[data-seq]").forEach((row) => this.#remove(row));
  }

  /** Draws a message that is being sent, or updates its row. Returns the row if it is new. */
  drawPending(entry) {
    let row = this.#pending(entry.client_key);
    const fresh = !row;
    if (fresh) {
      const created_at = new Date(this.clock.of(entry.at)).toISOString();
      row = messageRow({ ...entry, subject: null, created_at }, true, this);
      row.dataset.key = entry.client_key;
      this.#place(row, { created_at });
    }
    markState(row, entry);
    return fresh ? row : null;
  }

  /** Turns the row of a message that was being sent into the row of the server's message. */
  confirm(key, message) {
    const row = this.#pending(key);
    if (!row) return;
    this.#remove(row);
    if (this.row(message.seq)) return;
    delete row.dataset.key;
    markState(row, null);
    fillMessage(row, message, this);
    this.#place(row, message);
  }

  /** The message arrived below the rendered part: keep its row until it is loaded with the others there. */
  sent(key) {
    const row = this.#pending(key);
    if (row) markState(row, null);
  }

  removePending(key) {
    const row = this.#pending(key);
    if (row) this.#remove(row);
  }

  /** Draws the line above the first unread message. */
  divide(seq) {
    part(this.box, "divider")?.remove();
    const row = seq && this.row(seq);
    if (row) row.before(clone(this.root, "divider-row"));
    this.box.querySelectorAll(".day").forEach((day) => this.#days.add(day));
  }

  /** Draws groups and receipts. Called once after any number of changes. */
  draw({ other_read_seq: seen = 0, other_delivered_seq: delivered = 0 }) {
    this.#days.forEach(group);
    this.#days.clear();
    const mine = [...this.box.querySelectorAll('[data-sender="me"][data-seq]')];
    const latest = mine.at(-1);
    for (const row of mine.slice(-20)) {
      const seq = Number(row.dataset.seq);
      const word = seq <= seen ? t("Seen") : seq <= delivered ? t("Delivered") : t("Sent");
      part(row, "status").textContent = row === latest ? word : "";
    }
    part(this.box, "empty")?.toggleAttribute("hidden", this.rows.length > 0);
  }

  #pending(key) {
    return this.box.querySelector(`[data-key="${CSS.escape(key)}"]`);
  }

  #remove(row) {
    const day = row.parentElement;
    const line = row.previousElementSibling;
    if (line?.dataset.part === "divider") line.remove(); // it belonged to this row
    row.remove();
    if (day.querySelector(".message")) this.#days.add(day);
    else day.remove();
  }

  #place(row, { seq = Infinity, created_at: at }) {
    const day = this.#day(at);
    const before = [...day.querySelectorAll(".message")].filter((other) => Number(other.dataset.seq ?? Infinity) <= seq).at(-1);
    (before ?? day.firstElementChild).after(row);
    this.#days.add(day);
  }

  #day(at) {
    const date = this.times.date(at);
    const days = [...this.box.querySelectorAll(".day")];
    const known = days.find((day) => day.dataset.day === date);
    if (known) return known;
    const day = clone(this.root, "day-section");
    day.dataset.day = date;
    setTime(part(day, "time"), at, this.times);
    const next = days.find((other) => other.dataset.day > date) ?? part(this.box, "newer");
    next.before(day);
    return day;
  }
}

function group(day) {
  let previous = null;
  for (const node of day.children) {
    if (!node.classList.contains("message")) {
      end(previous);
      previous = null;
      continue;
    }
    const joined = previous && continues(previous, node);
    if (!joined) end(previous);
    previous?.classList.toggle("message--last", !joined);
    node.classList.toggle("message--first", !joined);
    previous = node;
  }
  end(previous);
}

const end = (row) => row?.classList.add("message--last");

function continues(previous, row) {
  const apart = Math.abs(Date.parse(row.dataset.at) - Date.parse(previous.dataset.at));
  const alike = ["sender", "via"].every((name) => (previous.dataset[name] ?? "") === (row.dataset[name] ?? ""));
  return alike && apart <= GROUP;
}
