/* The part of a thread that is rendered, and how it moves: earlier and later messages come before the reader reaches the
   end of it, others go. The links stay for who has no patience or no script. */

import { part } from "../lib/dom.js";
import { withDelayedIndicator } from "../lib/delayed_indicator.js";
import { SLACK, RenderWindow } from "../lib/render_window.js";

const AHEAD = 600; // px
const PAGE = 50;
const WIDE = 100;

export function threadPaging(root, app, { id, timeline, scroller, current }) {
  const older = part(root, "older");
  const newer = part(root, "newer");
  const log = part(root, "log");
  const newest = () => current().last_seq;
  const rendered = new RenderWindow({ first: timeline.first, last: timeline.last, newest: newest() });
  let turn = 0; // of the rendered part: what was asked for an earlier one is not drawn
  let loading = null;
  let catching = false;

  function showLoading(slow) {
    if (log.classList.contains("log--slow") !== slow) scroller.keep(() => timeline.rows, () => log.classList.toggle("log--slow", slow));
  }

  /* What an update told while the answer was on its way may be newer than it. */
  async function ask(query) {
    const updated = new Map();
    const stop = app.store.on(({ messages }) => messages.forEach((m) => m.thread_id === id && updated.set(m.seq, m)));
    try {
      const page = await withDelayedIndicator(app.api.get(`/threads/${id}/messages`, query), showLoading);
      return { ...page, messages: page.messages.map((message) => updated.get(message.seq) ?? message) };
    } finally {
      stop();
    }
  }

  function showEnds() {
    older.hidden = !rendered.older;
    newer.hidden = rendered.atNewest;
  }

  function draw(messages, grow) {
    scroller.keep(() => timeline.rows, () => {
      messages.forEach((message) => timeline.put(message));
      const far = messages.length ? grow() : null;
      if (far) timeline.cut(...far);
      showEnds();
      timeline.draw(current());
    });
  }

  /** One page at a time, whoever asks; resolves to whether it came. */
  function move(query, grow) {
    const now = turn;
    const load = async () => {
      const { messages } = await ask(query);
      if (now !== turn) return false;
      if (query.after && !messages.length) rendered.atNewest = true;
      draw(messages, () => grow(messages));
      return messages.length > 0;
    };
    loading ??= load()
      .catch(() => false)
      .finally(() => (loading = null));
    return loading;
  }

  const back = () => move({ before: rendered.first, limit: PAGE }, (found) => rendered.extendStart(found[0].seq));
  const forth = () => move({ after: rendered.last, limit: PAGE }, (found) => rendered.extendEnd(found.at(-1).seq, { newest: newest() }));

  const edge = () => log.getBoundingClientRect();
  const nearTop = () => !older.hidden && older.getBoundingClientRect().bottom > edge().top - AHEAD;
  const nearEnd = () => !newer.hidden && newer.getBoundingClientRect().top < edge().bottom + AHEAD;

  async function fill() {
    while (nearTop() && (await back()));
    while (nearEnd() && (await forth()));
  }

  older.addEventListener("click", (event) => (event.preventDefault(), back()));
  newer.addEventListener("click", (event) => (event.preventDefault(), forth()));
  const watch = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && fill(), {
    root: log,
    rootMargin: `${AHEAD}px 0px`,
  });
  watch.observe(older);
  watch.observe(newer);

  /** Other messages in place of those drawn; resolves to the seq that was asked for, or the last, 0 where nothing came. */
  async function replace(query) {
    const now = ++turn;
    const { messages, at } = await ask(query);
    if (now !== turn || !messages.length) return 0;
    turn += 1; // pages of the part that was rendered until now may still be on their way
    timeline.clear();
    messages.forEach((message) => timeline.put(message));
    rendered.reset({ first: messages[0].seq, last: messages.at(-1).seq, newest: newest() });
    showEnds();
    timeline.draw(current());
    requestAnimationFrame(fill);
    return at ?? rendered.last;
  }

  return {
    rendered,

    /** Whether an update's message is to be drawn now. */
    accepts: (seq) => {
      const draws = rendered.accepts(seq, { atEnd: scroller.pinned });
      showEnds();
      return draws;
    },

    /** Messages were drawn at the end: far rows go, while nobody reads them. */
    trim() {
      const last = Math.max(rendered.last, timeline.last);
      if (!rendered.atNewest || !last) return;
      const far = rendered.extendEnd(last, { newest: last, slack: SLACK });
      if (far) timeline.cut(...far);
      showEnds();
    },

    /** Brings a message to the page, with those around it; resolves to whether it is there. */
    async loadAround(seq) {
      if (timeline.row(seq)) return true;
      if (seq < 1 || seq > newest()) return false;
      await replace({ around: seq, limit: WIDE });
      return Boolean(timeline.row(seq));
    },

    /** The same for the day's first message; resolves to its seq. */
    loadDay: (date) => replace({ date, limit: WIDE }),

    /** The newest messages; resolves once they are there. */
    async loadLatest() {
      if (!rendered.atNewest) await replace({ limit: PAGE });
    },

    /** Loads on to the newest, where the rows end before it; where that fails, the next thing that happens asks again. */
    async catchUp() {
      if (catching || !rendered.atNewest || rendered.last >= newest()) return;
      const room = rendered.max - (scroller.pinned ? 0 : rendered.size);
      if (newest() - rendered.last > room) {
        rendered.atNewest = false; // too much to pour over the reader: they go on from where they were
        return showEnds();
      }
      catching = true;
      try {
        const now = turn;
        for (let more = true; more && now === turn; ) {
          const { messages, has_more: goesOn } = await ask({ after: rendered.last, limit: WIDE });
          if (now === turn) draw(messages, () => rendered.extendEnd(messages.at(-1).seq, { newest: messages.at(-1).seq }));
          more = goesOn;
        }
      } catch {
        // no answer now
      } finally {
        catching = false;
      }
    },
  };
}
