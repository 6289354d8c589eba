/* A message that was just put down to be sent later: the draft with the same words is not needed any more. */

import { part } from "../lib/dom.js";

export function scheduledMade(row, app) {
  const { threadId } = row.dataset;
  const plain = (text) => text.trim().replace(/\r\n?/g, "\n");
  if (plain(app.drafts.read(threadId)) === plain(part(row, "words").textContent)) app.drafts.write(threadId, "");
}
