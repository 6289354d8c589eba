/* Optimistic updates: applies changes that the server has not confirmed yet over the server's state. */

export class OptimisticChanges {
  #pending = new Map(); // seq -> changes in the order in which they were made; each is a function of a message
  #queue = Promise.resolve();

  /** Returns the message with its pending changes. A change that the server's state already shows is dropped. */
  applyTo(message) {
    const pending = this.#pending.get(message.seq);
    if (!pending) return message;
    while (pending.length && pending[0](message) === message) pending.shift();
    return pending.reduce((shown, change) => change(shown), message);
  }

  isPending(seq) {
    return this.#pending.has(seq);
  }

  /** Applies a change to message `seq` until `request` has ended; redraw() is called at once and at the end. Requests run
      one after the other, so that the last change also reaches the server last. */
  async run(seq, change, request, redraw) {
    const pending = this.#pending.get(seq) ?? [];
    this.#pending.set(seq, pending);
    pending.push(change);
    redraw();
    const turn = this.#queue.then(request);
    this.#queue = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      if (pending.includes(change)) pending.splice(pending.indexOf(change), 1);
      if (!pending.length) this.#pending.delete(seq);
      redraw();
    }
  }
}

/* ❤ with and without its variation selector is one emoji, as on the server. */
const plain = (emoji) => emoji.replaceAll("\ufe0f", "");

/** Changes. Each returns the same message if it changes nothing. */
export const withReaction = (emoji, on, me) => (message) => {
  const reactions = message.reactions ?? [];
  const there = reactions.find((each) => plain(each.emoji) === plain(emoji));
  if (message.deleted || on === Boolean(there?.user_ids.includes(me))) return message;
  if (!there) return { ...message, reactions: [...reactions, { emoji, user_ids: [me] }] };
  const others = there.user_ids.filter((id) => id !== me);
  const changed = { ...there, user_ids: on ? [...others, me] : others };
  return { ...message, reactions: reactions.map((each) => (each === there ? changed : each)).filter((each) => each.user_ids.length) };
};

export const withPin = (at) => (message) => {
  if (message.deleted || Boolean(message.pinned_at) === Boolean(at)) return message;
  return { ...message, pinned_at: at };
};
