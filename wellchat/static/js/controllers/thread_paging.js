/* Loads earlier and later messages of a thread before the reader reaches the end of the rendered part, and removes far ones.
   The links do the same without a script. */

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
  let turn = 0; // number of the rendered part: responses for an earlier one are not drawn
  let loading = null;
  let catching = false;

  function showLoading(slow) {
    if (log.classList.contains("log--slow") !== slow) scroller.keep(() => timeline.rows, () => log.classList.toggle("log--slow", slow));
  }

  /* An update that came meanwhile may be newer than the response. */
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

  /** Loads one page at a time. Resolves to whether it worked. */
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

  /** Replaces the rendered messages. Resolves to the requested seq, or the last one, or 0 if nothing came. */
  async function replace(query) {
    const now = ++turn;
    const { messages, at } = await ask(query);
    if (now !== turn || !messages.length) return 0;
    turn += 1; // pages of the old part may still be loading
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

    /** Tells whether to draw a message that is being sent. */
    draws: () => true,

    /** Tells whether to draw a message of an update now. */
    accepts: (seq) => {
      const draws = rendered.accepts(seq, { atEnd: scroller.pinned });
      showEnds();
      return draws;
    },

    /** Removes far rows after messages were drawn at the end, unless somebody reads them. */
    trim() {
      const last = Math.max(rendered.last, timeline.last);
      if (!rendered.atNewest || !last) return;
      const far = rendered.extendEnd(last, { newest: last, slack: SLACK });
      if (far) timeline.cut(...far);
      showEnds();
    },

    /** Loads a message with those around it. Resolves to whether it is there. */
    async loadAround(seq) {
      if (timeline.row(seq)) return true;
      if (seq < 1 || seq > newest()) return false;
      await replace({ around: seq, limit: WIDE });
      return Boolean(timeline.row(seq));
    },

    /** Does the same for the first message of a day. Resolves to its seq. */
    loadDay: (date) => replace({ date, limit: WIDE }),

    /** Loads the newest messages. Resolves once they are there. */
    async loadLatest() {
      if (!rendered.atNewest) await replace({ limit: PAGE });
    },

    /** Loads the messages up to the newest. If that fails, the next event tries again. */
    async catchUp() {
      if (catching || !rendered.atNewest || rendered.last >= newest()) return;
      const room = rendered.max - (scroller.pinned ? 0 : rendered.size);
      if (newest() - rendered.last > room) {
        rendered.atNewest = false; // too many: the reader continues where they are
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
        // no response now
      } finally {
        catching = false;
      }
    },
  };
}
