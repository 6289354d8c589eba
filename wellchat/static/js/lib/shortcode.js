/* Finds the `:name` that is being typed before the caret, and replaces it with the chosen emoji. */

/** Returns {from, to, name, closed}, or null if no name is being typed. */
export function shortcodeAt(text, caret) {
  const found = /(?:^|[\s(]):([\p{L}\p{M}0-9_+-]{2,30})(:?)$/iu.exec(text.slice(0, caret));
  if (!found) return null;
  const [, name, colon] = found;
  return { from: caret - name.length - 1 - colon.length, to: caret, name: name.toLowerCase(), closed: Boolean(colon) };
}
