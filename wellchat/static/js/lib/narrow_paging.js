/* Stands for the paging of a thread where the page has only messages about one subject: others are counted, not drawn.
   Earlier and later ones come by the links, as without a script. */

import { part } from "./dom.js";
import { go } from "./surroundings.js";
import { tn } from "./i18n.js";

export function narrowPaging(root, app, { id, subject, timeline, scroller, current }) {
  const others = new Set();
  const about = part(root.querySelector("form.composer"), "about").dataset;
  const whole = part(root, "newer").hidden; // the page reaches the newest one
  let seen = current().last_seq;
  let asking = false;

  function count(seq) {
    others.add(seq);
    const chip = part(root, "others");
    chip.hidden = false;
    chip.textContent = tn("%(num)s other message", "%(num)s other messages", others.size);
  }

  return {
    draws: (entry) => entry.subject?.external_id === about.externalId && entry.subject.kind === about.kind,

    accepts(seq, message) {
      const isNew = seq > seen;
      seen = Math.max(seen, seq);
      if (message.subject?.id === subject) return whole || Boolean(timeline.row(seq));
      if (isNew && message.sender_id !== app.viewerId) count(seq);
      return false;
    },

    trim() {},

    async loadAround(seq) {
      if (timeline.row(seq)) return true;
      if (seq > 0 && seq <= current().last_seq) go(`/threads/${id}?at=${seq}#${seq}`);
      return false;
    },

    async loadDay(date) {
      go(`/threads/${id}?date=${date}`);
      return 0;
    },

    async loadLatest() {},

    /** Loads what came while there were no updates. */
    async catchUp() {
      const { last_seq: last } = current();
      if (asking || !whole || seen >= last) return;
      asking = true;
      try {
        const { messages } = await app.api.get(`/threads/${id}/messages`, { subject, after: timeline.last, limit: 100 });
        seen = Math.max(seen, last);
        scroller.keep(() => timeline.rows, () => messages.forEach((message) => timeline.put(message)));
      } catch {
        // the next update tries again
      } finally {
        asking = false;
      }
    },
  };
}
