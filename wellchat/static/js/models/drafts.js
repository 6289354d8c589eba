/* What was begun and not sent, per person and thread; told to whoever shows it, also of what another tab writes. */

export class Drafts {
  #listeners = [];

  constructor({ storage, viewerId }) {
    this.storage = storage;
    this.prefix = `wellchat.draft.${viewerId}.`;
  }

  read(threadId) {
    return this.storage?.getItem(this.prefix + threadId) ?? "";
  }

  /** listener(threadId, elsewhere): the draft of a thread is not what it was; `elsewhere` in another tab. */
  onChange(listener) {
    this.#listeners.push(listener);
  }

  /** Hears what other tabs write. */
  listen(window) {
    window.addEventListener("storage", ({ key, storageArea }) => {
      if (!this.storage || storageArea !== this.storage || !key?.startsWith(this.prefix)) return;
      this.#notify(key.slice(this.prefix.length), true);
    });
  }

  /** Whoever signs out leaves nothing of theirs behind in this browser. */
  clear() {
    removeByPrefix(this.storage, this.prefix);
    this.storage = null;
  }

  write(threadId, text) {
    try {
      if (text.trim()) this.storage?.setItem(this.prefix + threadId, text);
      else this.storage?.removeItem(this.prefix + threadId);
    } catch {
      // storage full or forbidden: the words are still in the field
    }
    this.#notify(threadId, false);
  }

  #notify(threadId, elsewhere) {
    this.#listeners.forEach((listener) => listener(threadId, elsewhere));
  }
}

export function removeByPrefix(storage, prefix) {
  const names = Array.from({ length: storage?.length ?? 0 }, (_, i) => storage.key(i));
  names.filter((name) => name.startsWith(prefix)).forEach((name) => storage.removeItem(name));
}
