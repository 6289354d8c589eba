/* What was begun and not sent, per person and thread. */

export class Drafts {
  constructor({ storage, viewerId }) {
    this.storage = storage;
    this.prefix = `wellchat.draft.${viewerId}.`;
  }

  read(threadId) {
    return this.storage?.getItem(this.prefix + threadId) ?? "";
  }

  /** Whoever signs out leaves nothing of theirs behind in this browser. */
  clear() {
    forget(this.storage, this.prefix);
    this.storage = null;
  }

  write(threadId, text) {
    try {
      if (text.trim()) this.storage?.setItem(this.prefix + threadId, text);
      else this.storage?.removeItem(this.prefix + threadId);
    } catch {
      // storage full or forbidden: the words are still in the field
    }
  }
}

export function forget(storage, prefix) {
  const names = Array.from({ length: storage?.length ?? 0 }, (_, i) => storage.key(i));
  names.filter((name) => name.startsWith(prefix)).forEach((name) => storage.removeItem(name));
}
