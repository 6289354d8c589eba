/* The server names the version of its files with every poll. When there is a newer one, a page reloads by itself at a moment
   when nobody notices, or when its reader wants. */

const CONFIRMATIONS = 2; // responses in a row: during a rollout, hosts of both versions respond

export class Version {
  #latest = null;
  #count = 0;

  /** `storage` remembers the version for which this tab has reloaded. ready(version) is called when there is a newer one. */
  constructor({ own, storage, ready }) {
    Object.assign(this, { own, storage, ready, newer: null });
  }

  observe(version) {
    if (!version || version === this.newer) return;
    this.#count = version === this.#latest ? this.#count + 1 : 1;
    this.#latest = version;
    if (version === this.own || !this.own || this.#count < CONFIRMATIONS) return;
    this.newer = version;
    this.ready(version);
  }

  /** Tells whether the page may reload by itself now. `harmless` means hidden, with nothing unfinished. */
  mayReload(harmless) {
    if (!this.newer || !harmless || this.storage.getItem("wellchat.reloaded") === this.newer) return false;
    this.storage.setItem("wellchat.reloaded", this.newer);
    return true;
  }
}

const ASSET = /\/assets\/(\w+)\//;

/** Returns the version in the address of a static file. */
export const versionOf = (address) => ASSET.exec(address)?.[1] ?? null;
