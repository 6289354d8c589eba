/* Drafts, by person and thread. Listeners also hear of drafts that other tabs write. */

export class Drafts {
  #listeners = [];

  constructor({ storage, viewerId }) {
    this.storage = storage;
    this.prefix = `wellchat.draft.${viewerId}.`;
  }

  read(threadId) {
    return this.storage?.getItem(this.prefix + threadId) ?? "";
  }

  /** listener(threadId, elsewhere) is called when a draft changes; `elsewhere` if another tab wrote it. */
  onChange(listener) {
    this.#listeners.push(listener);
  }

  /** Listens to other tabs. */
  listen(window) {
    window.addEventListener("storage", ({ key, storageArea }) => {
      if (!this.storage || storageArea !== this.storage || !key?.startsWith(this.prefix)) return;
      this.#notify(key.slice(this.prefix.length), true);
    });
  }

  /** Deletes all drafts when the person signs out. */
  clear() {
    removeByPrefix(this.storage, this.prefix);
    this.storage = null;
  }

  write(threadId, text) {
    try {
      if (text.trim()) this.storage?.setItem(this.prefix + threadId, text);
      else this.storage?.removeItem(this.prefix + threadId);
    } catch {
      // storage is full or forbidden: the text is still in the field
    }
    this.#notify(threadId, false);
  }

  /** Returns what a draft has beside its text: {reply: the seq it answers, files: what was uploaded for it}. */
  extras(threadId) {
    try {
      return JSON.parse(this.storage?.getItem(this.#beside(threadId))) ?? {};
    } catch {
      return {};
    }
  }

  /** Changes what a draft has beside its text; a value of null or undefined, or an empty list, is nothing. */
  keep(threadId, changes) {
    const all = Object.entries({ ...this.extras(threadId), ...changes }).filter(([, value]) => value && value.length !== 0);
    try {
      if (all.length) this.storage?.setItem(this.#beside(threadId), JSON.stringify(Object.fromEntries(all)));
      else this.storage?.removeItem(this.#beside(threadId));
    } catch {
      // storage is full or forbidden
    }
  }

  #beside = (threadId) => `${this.prefix}${threadId}.with`;

  #notify(threadId, elsewhere) {
    this.#listeners.forEach((listener) => listener(threadId, elsewhere));
  }
}

export function removeByPrefix(storage, prefix) {
  // All names first: each one that is removed moves those behind it.
  const names = Array.from({ length: storage?.length ?? 0 }, (_, i) => storage.key(i));
  names.filter((name) => name.startsWith(prefix)).forEach((name) => storage.removeItem(name));
}
