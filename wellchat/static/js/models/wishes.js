/* What the viewer has asked of messages and nobody has answered yet: laid over what the server says, never kept as its word. */

export class Wishes {
  #waiting = new Map(); // seq -> wishes in the order in which they were made; each lays itself over a message
  #line = Promise.resolve();

  /** The message as it is wished to be. What it has become by itself is no wish any more: from then on the server speaks. */
  over(message) {
    const waiting = this.#waiting.get(message.seq);
    if (!waiting) return message;
    while (waiting.length && waiting[0](message) === message) waiting.shift();
    return waiting.reduce((shown, wish) => wish(shown), message);
  }

  waits(seq) {
    return this.#waiting.has(seq);
  }

  /** Lays a wish over message `seq` until `work` has ended; redraw() is called at once and in the end. One work after the
      other, so that of two wishes the later one is granted last. */
  async make(seq, wish, work, redraw) {
    const waiting = this.#waiting.get(seq) ?? [];
    this.#waiting.set(seq, waiting);
    waiting.push(wish);
    redraw();
    const turn = this.#line.then(work);
    this.#line = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      if (waiting.includes(wish)) waiting.splice(waiting.indexOf(wish), 1);
      if (!waiting.length) this.#waiting.delete(seq);
      redraw();
    }
  }
}

/* ❤ with and without its mark for colour is one emoji, as it is to the server. */
const plain = (emoji) => emoji.replaceAll("\ufe0f", "");

/** Wishes: each answers the message itself where that is as wished already. */
export const reacting = (emoji, on, me) => (message) => {
  const reactions = message.reactions ?? [];
  const there = reactions.find((each) => plain(each.emoji) === plain(emoji));
  if (message.deleted || on === Boolean(there?.user_ids.includes(me))) return message;
  if (!there) return { ...message, reactions: [...reactions, { emoji, user_ids: [me] }] };
  const others = there.user_ids.filter((id) => id !== me);
  const changed = { ...there, user_ids: on ? [...others, me] : others };
  return { ...message, reactions: reactions.map((each) => (each === there ? changed : each)).filter((each) => each.user_ids.length) };
};

export const pinning = (at) => (message) => {
  if (message.deleted || Boolean(message.pinned_at) === Boolean(at)) return message;
  return { ...message, pinned_at: at };
};
