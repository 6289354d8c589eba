/* Cuts text between characters as people see them. wellchat/graphemes.py is the server's;
   tests/js/graphemes.json is the table of both. */

const SEGMENTER = globalThis.Intl?.Segmenter ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : null;

/** Returns the beginning of a text, of at most `most` code units, and no part of a character. */
export function cut(text, most) {
  if (text.length <= most) return text;
  let end = 0;
  for (const piece of pieces(text.slice(0, most + 64))) {
    if (end + piece.length > most) break;
    end += piece.length;
  }
  return text.slice(0, end || most);
}

/** Returns the first character as people see it; "" of an empty text. */
export function firstOf(text) {
  for (const piece of pieces(text)) return piece;
  return "";
}

function* pieces(text) {
  // An old browser knows whole code points at least.
  if (!SEGMENTER) yield* text;
  else for (const { segment } of SEGMENTER.segment(text)) yield segment;
}
