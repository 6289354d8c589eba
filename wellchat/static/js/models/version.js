/* The server names the version of its files with every poll. When it has gone on, a page goes after it: by itself at a moment
   when nobody notices, else when its reader wants. */

const CONFIRMATIONS = 2; // answers in a row: while a new version rolls out, hosts of both answer

export class Version {
  #heard = null;
  #times = 0;

  /** `storage` remembers what this tab has reloaded for by itself: once for each version. ready(version): there is a newer one. */
  constructor({ own, storage, ready }) {
    Object.assign(this, { own, storage, ready, newer: null });
  }

  observe(version) {
    if (!version || version === this.newer) return;
    this.#times = version === this.#heard ? this.#times + 1 : 1;
    this.#heard = version;
    if (version === this.own || !this.own || this.#times < CONFIRMATIONS) return;
    this.newer = version;
    this.ready(version);
  }

  /** Whether the page may reload by itself now. `harmless`: nobody looks, nothing is half done. */
  mayReload(harmless) {
    if (!this.newer || !harmless || this.storage.getItem("wellchat.reloaded") === this.newer) return false;
    this.storage.setItem("wellchat.reloaded", this.newer);
    return true;
  }
}

const ASSET = /\/assets\/(\w+)\//;

/** The version in the address of a static file. */
export const versionOf = (address) => ASSET.exec(address)?.[1] ?? null;
