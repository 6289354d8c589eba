/* What was begun and not sent, per person and thread. */

export class Drafts {
  constructor({ storage, viewerId }) {
    this.storage = storage;
    this.prefix = `wellchat.draft.${viewerId}.`;
  }

  read(threadId) {
    return this.storage?.getItem(this.prefix + threadId) ?? "";
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
