/* Puts words into the browser's storage, and knows those that only the page has: the storage is full, or forbidden. The page says
   so beside the composer, and asks before it closes. */

import { Memory } from "./memory.js";
import { frame } from "./surroundings.js";

const pageOnly = new Set(); // names of entries
const listeners = [];

/** Puts an entry and returns whether the browser keeps it. Where not, the page alone has it from now on. */
export function put(storage, name, value) {
  let kept = !(storage instanceof Memory);
  try {
    storage?.setItem(name, value);
  } catch {
    kept = false;
    storage.removeItem(name); // an older text under this name would come back in place of the newer one
  }
  note(name, kept);
  return kept;
}

export function remove(storage, name) {
  storage?.removeItem(name);
  note(name, true);
}

/** Notes whether the browser keeps an entry, here or elsewhere. */
export function note(name, kept) {
  if (kept !== pageOnly.has(name)) return;
  if (kept) pageOnly.delete(name);
  else pageOnly.add(name);
  tell();
}

/** Forgets all, because the words are deleted on purpose. */
export function forgetAll() {
  pageOnly.clear();
  tell();
}

/** listener(whether the page alone has words) is called now and whenever that changes. */
export function onPageOnly(listener) {
  listeners.push(listener);
  listener(pageOnly.size > 0);
}

function tell() {
  if (frame || !globalThis.window) return; // a frame's memory is the page's around it
  // Only while it is needed: browsers cannot keep a page with this listener for the way back.
  window[pageOnly.size ? "addEventListener" : "removeEventListener"]("beforeunload", ask);
  listeners.forEach((listener) => listener(pageOnly.size > 0));
}

const ask = (event) => event.preventDefault();
