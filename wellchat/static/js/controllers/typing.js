/* The typing indicator at the end of the log and in the head. Both disappear by themselves. */

import { part } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

let timer = null;

export function showTyping(root, app, { id, other }) {
  const typing = app.store.isTyping(id);
  part(root, "typing").hidden = !typing || !part(root, "newer").hidden; // not in the middle of a thread
  clearTimeout(timer);
  if (typing) timer = setTimeout(() => app.store.apply({}), app.store.typing.get(id) - Date.now() + 50);

  const word = part(root, "presence");
  const text = typing ? t("Typing…") : app.times.seen(other);
  if (word.textContent === text) return;
  word.dataset.presence = typing ? "typing" : other.presence;
  word.textContent = text;
}
