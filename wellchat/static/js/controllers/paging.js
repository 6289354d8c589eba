/* Earlier messages come before the reader reaches the top; the link stays for who has no patience or no script. */

import { part } from "../lib/dom.js";

const AHEAD = 600; // px

export function paging(root, app, { id, timeline, scroller, current }) {
  const older = part(root, "older");
  const log = part(root, "log");
  let loading = null;
  let catching = false;

  async function page(query) {
    const { messages, has_more: more } = await app.api.get(`/threads/${id}/messages`, query);
    scroller.keep(() => timeline.rows, () => {
      messages.forEach((message) => timeline.put(message));
      timeline.draw(current());
    });
    return more;
  }

  /** One page at a time, whoever asks; resolves to whether it came. */
  function back(limit = 50) {
    if (older.hidden) return Promise.resolve(false);
    loading ??= page({ before: timeline.first, limit })
      .then((more) => ((older.hidden = !more), true), () => false)
      .finally(() => (loading = null));
    return loading;
  }

  async function fill() {
    const near = () => !older.hidden && older.getBoundingClientRect().bottom > log.getBoundingClientRect().top - AHEAD;
    while (near() && (await back()));
  }

  older.addEventListener("click", (event) => (event.preventDefault(), back()));
  new IntersectionObserver(([entry]) => entry.isIntersecting && fill(), { root: log, rootMargin: `${AHEAD}px 0px 0px` }).observe(older);

  return {
    /** Loads back to a message; resolves to whether it is there. */
    async reach(seq) {
      while (timeline.first > seq && (await back(100)));
      return Boolean(timeline.row(seq));
    },

    /** Loads on to the newest, where the rows end before it; where that fails, the next thing that happens asks again. */
    async catchUp() {
      if (catching || timeline.last >= current().last_seq) return;
      catching = true;
      try {
        while (await page({ after: timeline.last, limit: 100 }));
      } catch {
        // no answer now
      } finally {
        catching = false;
      }
    },
  };
}
