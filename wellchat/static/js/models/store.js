/* The state of this page, built from updates. An update is state, not an event: applying one twice, or an older one late,
   changes nothing. Listeners get what changed; if one of them throws, apply() throws, and the caller loads the state again. */

const TYPING_TTL = 6000; // ms for which a sign of typing counts
const MAX_MESSAGES = 1000; // per thread; a page draws older messages without the store

export class Store {
  #listeners = [];

  constructor({ viewerId, unread = { messages: 0, notifications: 0 }, now = Date.now }) {
    this.viewerId = viewerId;
    this.unread = unread;
    this.inbox = {}; // what waits, and what is unread in the archive and in snoozed threads
    this.now = now;
    this.threads = new Map(); // id -> thread
    this.messages = new Map(); // thread id -> Map(seq -> message)
    this.pending = new Map(); // client key -> what the outbox has not yet seen arrive
    this.notifications = new Map(); // id -> notification
    this.other = new Map(); // key of an update that features declare -> Map(id -> thing)
    this.typing = new Map(); // thread id -> time until which somebody types there
  }

  on(listener) {
    this.#listeners.push(listener);
    return () => (this.#listeners = this.#listeners.filter((other) => other !== listener));
  }

  apply({ threads = [], messages = [], notifications = [], unread, inbox, typing = [], ...others }) {
    const changes = noChanges();
    for (const thread of threads) this.#thread(thread, changes);
    for (const message of messages) this.#message(message, changes);
    for (const notification of notifications) {
      this.notifications.set(notification.id, notification);
      changes.notifications.push(notification);
    }
    if (unread) {
      this.unread = { ...this.unread, ...unread };
      changes.unread = true;
    }
    if (inbox) this.inbox = inbox;
    for (const { thread_id: id, user_id: user } of typing) {
      if (user === this.viewerId) continue;
      this.typing.set(id, this.now() + TYPING_TTL);
      changes.typing.push(id);
    }
    for (const [key, things] of Object.entries(others)) if (Array.isArray(things)) this.#others(key, things, changes);
    this.#emit(changes);
    return changes;
  }

  /** Replaces the state with a fresh one from the server. Messages that wait to be sent stay. */
  reset(state) {
    for (const known of [this.threads, this.messages, this.notifications, this.other, this.typing]) known.clear();
    return this.apply(state);
  }

  /** Adds or updates a message that is being sent. */
  addPending(entry) {
    this.pending.set(entry.client_key, entry);
    this.#emit({ ...noChanges(), pending: [entry] });
  }

  removePending(entry) {
    if (this.pending.delete(entry.client_key)) this.#emit({ ...noChanges(), dropped: [entry] });
  }

  isTyping(threadId) {
    return (this.typing.get(threadId) ?? 0) > this.now();
  }

  /** Returns the messages of a thread in order, then those that are being sent. */
  timeline(threadId) {
    const messages = [...(this.messages.get(threadId)?.values() ?? [])].sort((a, b) => a.seq - b.seq);
    return [...messages, ...[...this.pending.values()].filter((entry) => entry.thread_id === threadId)];
  }

  #thread(thread, changes) {
    const known = this.threads.get(thread.id);
    const merged = known ? mergeThread(known, thread) : thread;
    this.threads.set(thread.id, merged);
    changes.threads.push(merged);
  }

  #message(message, changes) {
    const { thread_id: id, seq, sender_id: sender, client_key: key } = message;
    if (!this.messages.has(id)) this.messages.set(id, new Map());
    const thread = this.messages.get(id);
    const latest = newerMessage(thread.get(seq), message);
    thread.set(seq, latest);
    if (thread.size > MAX_MESSAGES) thread.delete(thread.keys().next().value);
    // The response to the send and the update race; whichever comes first confirms the message.
    if (sender === this.viewerId && key && this.pending.delete(key)) changes.confirmed.push({ key, message: latest });
    if (sender !== this.viewerId && this.typing.delete(id)) changes.typing.push(id);
    changes.messages.push(latest);
  }

  /* What a feature's own kind of change brings: state by id, in the order of its first coming. */
  #others(key, things, changes) {
    if (!this.other.has(key)) this.other.set(key, new Map());
    for (const thing of things) this.other.get(key).set(thing.id, thing);
    changes.other[key] = things;
  }

  #emit(changes) {
    const errors = [];
    for (const listener of this.#listeners) {
      try {
        listener(changes, this);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length) throw errors[0];
  }
}

function noChanges() {
  return { threads: [], messages: [], confirmed: [], pending: [], dropped: [], notifications: [], typing: [], other: {}, unread: false };
}

/* Watermarks only rise, in whatever order the responses come. All else is taken from the later state. */
function mergeThread(known, next) {
  const [older, newer] = next.last_seq < known.last_seq ? [next, known] : [known, next];
  const merged = { ...older, ...newer };
  for (const mark of ["last_seq", "last_read_seq", "other_read_seq", "other_delivered_seq"]) {
    merged[mark] = Math.max(known[mark] ?? 0, next[mark] ?? 0);
  }
  if (older.last_message && older.last_message.seq === newer.last_message?.seq) merged.last_message = newerMessage(known.last_message, next.last_message);
  return merged;
}

/* Every change of a message (text, reactions, pin, quote) raises its revision. The state with the higher one is newer. */
function newerMessage(known, next) {
  if (!known) return next;
  return (known.revision ?? 0) > (next.revision ?? 0) ? known : next;
}
