/* Keeps which message is at the top in the entry of the browser's history, so that Back and a reload lead there. */

import { frame } from "./surroundings.js";

const EVERY = 400; // ms; some browsers refuse more than a hundred changes in half a minute

/** rows() returns the rows; atEnd() tells whether the reader follows the end. */
export function keepPlace(box, { rows, atEnd }) {
  if (frame) return; // its history is that of the page around it
  let timer = null;
  const note = () => {
    timer = null;
    const { top } = box.getBoundingClientRect();
    const row = atEnd() ? null : rows().find((one) => one.dataset.seq && one.getBoundingClientRect().bottom > top);
    const place = row ? { seq: Number(row.dataset.seq), by: row.getBoundingClientRect().top - top } : null;
    history.replaceState({ ...history.state, place }, "");
  };
  box.addEventListener("scroll", () => (timer ??= setTimeout(note, EVERY)), { passive: true });
  addEventListener("pagehide", note);
}

/** Returns {seq, by}: the message at the top, and how far its row begins below the edge, in px. Null at the end. */
export const keptPlace = () => (frame ? null : (history.state?.place ?? null));
