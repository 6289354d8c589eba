/* The `:name` that is being typed right before the caret, and what stands there once it was chosen. */

/** {from, to, name, closed}: null where nothing of the kind is being typed. */
export function shortcodeAt(text, caret) {
  const found = /(?:^|[\s(]):([a-z0-9_+-]{2,30})(:?)$/i.exec(text.slice(0, caret));
  if (!found) return null;
  const [, name, colon] = found;
  return { from: caret - name.length - 1 - colon.length, to: caret, name: name.toLowerCase(), closed: Boolean(colon) };
}

/** Characters over the limit as the server counts them, negative below it. A character of two code units counts once. */
export function overLimit(text, limit) {
  if (text.length <= limit) return near(text, limit);
  return [...text].length - limit;
}

const near = (text, limit) => (limit - text.length > 600 ? text.length - limit : [...text].length - limit);
