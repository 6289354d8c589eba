/* One person's part of the browser's storage. All tabs of the browser share it. */

import { note, put, remove } from "../lib/keeping.js";
import { removeByPrefix } from "./drafts.js";

export class UserStorage {
  constructor({ storage, prefix }) {
    Object.assign(this, { storage, prefix });
  }

  put(key, value) {
    return this.storage && put(this.storage, this.prefix + key, JSON.stringify(value));
  }

  remove(key) {
    remove(this.storage, this.prefix + key);
  }

  /** Notes that the browser keeps an entry in another place. */
  isKept(key) {
    note(this.prefix + key, true);
  }

  all() {
    const found = [];
    for (let i = 0; i < (this.storage?.length ?? 0); i++) {
      const name = this.storage.key(i);
      if (name.startsWith(this.prefix)) found.push(read(this.storage.getItem(name)));
    }
    return found.filter(Boolean);
  }

  /** Reads a storage event: {key, value}, with `value` null for a removal. Null if the entry is in another namespace. */
  readEvent({ key: name, newValue }) {
    return name?.startsWith(this.prefix) ? { key: name.slice(this.prefix.length), value: read(newValue) } : null;
  }

  /** Deletes everything. After that nothing is stored any more. */
  clear() {
    removeByPrefix(this.storage, this.prefix);
    this.storage = null;
  }
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // not ours, or damaged
  }
}
