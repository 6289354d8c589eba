/* The browser's storage. If it is forbidden, memory replaces it: everything works, but is lost with the page. A frame of another
   site keeps nothing in the browser: its pages share the memory of the frame around them. */

import { Memory } from "./memory.js";
import { frame } from "./surroundings.js";

export function openStorage(name, { browser = globalThis } = {}) {
  try {
    const storage = browser[name]; // the access itself throws if storage is forbidden
    storage.getItem("wellchat");
    return storage;
  } catch {
    return new Memory();
  }
}

/* What begins so, with the person's id after it, holds what people wrote or looked for; the rest says nothing of them. */
export const WORDS = ["wellchat.draft.", "wellchat.outbox.", "wellchat.recent."];

/** Returns where words are kept: in `storage`, or, if `keeps` is false, in the page alone. Words that are left in the storage
    from before then leave it, so that what was not sent goes out with this page. */
export function wordStorage(storage, keeps) {
  if (keeps) return storage;
  const memory = new Memory();
  const names = Array.from({ length: storage.length }, (_, at) => storage.key(at));
  for (const name of names.filter((each) => WORDS.some((prefix) => each.startsWith(prefix)))) {
    memory.setItem(name, storage.getItem(name));
    storage.removeItem(name);
  }
  return memory;
}

/** Whether this installation lets browsers keep words: WELLCHAT_BROWSER_STORAGE. The memory of a frame is no browser's. */
export const keepsWords = frame !== null || !("keepsNothing" in (globalThis.document?.documentElement.dataset ?? {}));
const browser = frame?.storages ?? globalThis;
export const local = openStorage("localStorage", { browser });
export const words = wordStorage(local, keepsWords);
export const session = openStorage("sessionStorage", { browser });
