/* Things of one person in the browser's storage, each under its key. All tabs of the browser see the same shelf. */

import { forget } from "./drafts.js";

export class Shelf {
  constructor({ storage, prefix }) {
    Object.assign(this, { storage, prefix });
  }

  put(key, thing) {
    try {
      this.storage?.setItem(this.prefix + key, JSON.stringify(thing));
    } catch {
      // storage full or forbidden: it only would not survive a reload
    }
  }

  take(key) {
    this.storage?.removeItem(this.prefix + key);
  }

  all() {
    const found = [];
    for (let i = 0; i < (this.storage?.length ?? 0); i++) {
      const name = this.storage.key(i);
      if (name.startsWith(this.prefix)) found.push(read(this.storage.getItem(name)));
    }
    return found.filter(Boolean);
  }

  /** What another tab did: {key, thing}, `thing` null where it was taken; null where it was on another shelf. */
  heard({ key: name, newValue }) {
    return name?.startsWith(this.prefix) ? { key: name.slice(this.prefix.length), thing: read(newValue) } : null;
  }

  /** Empties it, for good: nothing is put on it any more. */
  clear() {
    forget(this.storage, this.prefix);
    this.storage = null;
  }
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // not ours, or cut off
  }
}
