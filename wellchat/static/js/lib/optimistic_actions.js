/* Shows reactions and pins at once, and takes them back with a message if the server refuses them. */

import { ApiError } from "../models/api.js";
import { withPin, withReaction } from "../models/optimistic_changes.js";
import { part } from "./dom.js";
import { readReactions, showReactions } from "./message_decorations.js";
import { t } from "./i18n.js";

const READ = 12_000; // ms for which the message is shown

/** send(method, seq, rest) calls the server and puts the response into the store. */
export function optimisticActions(root, app, { threadId, send }) {
  const rowOf = (seq) => part(root, "rows").querySelector(`[data-seq="${seq}"]`);
  const drawn = new Map(); // seq -> the state of a row of the first load, which the store does not know

  function redraw(seq) {
    const known = app.store.messages.get(threadId)?.get(seq);
    if (known) return app.store.apply({ messages: [known] });
    const row = rowOf(seq);
    if (!row) return;
    if (!drawn.has(seq)) drawn.set(seq, { thread_id: threadId, seq, reactions: readReactions(row, app.viewerId) });
    app.open.draw((view) => showReactions(row, app.optimistic.applyTo(drawn.get(seq)), view));
  }

  async function run(seq, change, method, rest) {
    showProblem(seq, "");
    const work = () => send(method, seq, rest);
    try {
      await app.optimistic.run(seq, change, work, () => redraw(seq));
    } catch (error) {
      const { message } = error instanceof ApiError ? error : new ApiError(0); // timed out: the same as no answer
      showProblem(seq, `${t("Not saved.")} ${message}`);
      app.announce(`${t("Not saved.")} ${message}`);
    } finally {
      if (!app.optimistic.isPending(seq)) drawn.delete(seq);
    }
  }

  function showProblem(seq, words) {
    const row = rowOf(seq);
    if (!row) return;
    app.open.draw(() => {
      row.querySelector(".message__problem")?.remove();
      if (!words) return;
      const line = Object.assign(document.createElement("p"), { className: "message__problem", textContent: words });
      part(row, "reactions").after(line);
      setTimeout(() => app.open.draw(() => line.remove()), READ);
    });
  }

  return {
    react: (seq, emoji, on) =>
      run(seq, withReaction(emoji, on, app.viewerId), on ? "PUT" : "DELETE", `/reactions/${encodeURIComponent(emoji)}`),
    pin: (seq, on) => run(seq, withPin(on ? new Date().toISOString() : null), on ? "PUT" : "DELETE", "/pin"),
  };
}
