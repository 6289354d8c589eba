/* Asks for updates for as long as it runs. Invariants:
   - the cursor moves only after an update was applied; if that fails, the whole state is loaded again;
   - there is one poll at a time; pollNow() ends a waiting poll and polls again at once;
   - the server sets the poll interval, and the poller backs off after refusals. */

const HIDDEN_INTERVAL = 60_000; // ms between the short polls of a hidden page
const MAX_BACKOFF = 30_000; // ms
const BAD_CURSOR = [400, 410, 422];

export const systemClock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
    }),
};

export class Poller {
  #running = null; // AbortController of the current start()
  #round = null; // AbortController of the current request or pause
  #failures = 0;
  #broken = null; // {reason, cursor}: the state must be loaded again before the next poll
  #interval = 3000;

  /**
   * apply(update, since) may throw. resync(reason, cursor) loads the state again and resolves to the next cursor.
   * flags() returns further query parameters. onState("live" | "offline" | "trouble" | "signed-out"). onVersion(version of the server).
   */
  constructor({ api, cursor, apply, resync, flags = () => ({}), visible = () => true, onState = () => {}, onVersion = () => {},
    wait = 25, clock = systemClock, random = Math.random }) {
    Object.assign(this, { api, cursor, apply, resync, flags, visible, onState, onVersion, wait, clock, random });
    if (!cursor) this.#broken = { reason: "none", cursor: null }; // a page without a cursor loads its state first
  }

  get running() {
    return this.#running !== null;
  }

  start() {
    if (this.#running) return;
    this.#running = new AbortController();
    this.#loop(this.#running.signal);
  }

  stop() {
    this.#running?.abort();
    this.#round?.abort();
    this.#running = null;
  }

  /** Polls at once, because the page is visible again or the network is back. */
  pollNow() {
    this.#round?.abort();
  }

  /** Makes one short poll, for a tab that does not lead. Resolves to whether it is up to date. */
  async pollOnce() {
    try {
      let more = true;
      while (more) more = await this.#poll({ wait: 0 });
      return true;
    } catch {
      return false;
    }
  }

  /** Applies an update of the leading tab. If it does not follow our cursor, this tab polls for itself. */
  async applyShared(since, update) {
    if (since === this.cursor) await this.#applyUpdate(since, update);
    if (since !== this.cursor && this.cursor !== update.cursor) await this.pollOnce();
  }

  async #loop(stopped) {
    while (!stopped.aborted) {
      const round = (this.#round = new AbortController());
      const pause = await this.#iterate(round.signal);
      if (stopped.aborted) return;
      if (pause > 0) await this.clock.sleep(pause, round.signal);
    }
  }

  /** Polls once; resolves to how long to pause before the next, in ms. */
  async #iterate(signal) {
    const seen = this.visible();
    const tries = this.#failures > 0; // a waiting poll would not show that the server works again
    const wait = seen && !tries ? Math.max(0, this.wait - Math.floor(this.random() * this.wait * 0.2)) : 0; // jitter
    const startedAt = this.clock.now();
    try {
      const changed = await this.#poll({ wait, signal });
      this.#failures = this.#broken ? this.#failures + 1 : 0;
      if (this.#broken) return this.#failures > 1 ? this.#backOff() : 0;
      this.onState("live");
      if (changed || tries) return 0;
      if (!seen) return Math.max(HIDDEN_INTERVAL, this.#interval);
      const held = wait > 0 && this.clock.now() - startedAt >= (wait * 1000) / 2;
      return held ? 0 : this.#interval * (1 + this.random() * 0.1);
    } catch (error) {
      return signal.aborted ? 0 : this.#failed(error);
    }
  }

  /** Resolves to whether to poll again at once. */
  async #poll({ wait, signal }) {
    if (this.#broken) await this.#recover();
    const since = this.cursor;
    let answer;
    try {
      answer = await this.api.request("GET", "/updates", { query: { since, wait, ...this.flags() }, signal });
    } catch (error) {
      if (!BAD_CURSOR.includes(error.status)) throw error;
      this.#broken = { reason: error.problem?.reason ?? "refused", cursor: error.problem?.cursor ?? null };
      return true;
    }
    this.#interval = pollInterval(answer.headers) ?? this.#interval;
    this.onVersion(answer.headers.get("X-App-Version"));
    if (since !== this.cursor) return true; // another tab's update moved the cursor meanwhile: this one is older
    if (answer.status === 204) return false;
    await this.#applyUpdate(since, answer.data);
    return true;
  }

  async #applyUpdate(since, update) {
    try {
      await this.apply(update, since);
      this.cursor = update.cursor;
    } catch {
      this.#broken = { reason: "failed", cursor: null };
    }
  }

  async #recover() {
    const { reason, cursor } = this.#broken;
    this.cursor = await this.resync(reason, cursor);
    this.#broken = null;
  }

  #failed(error) {
    this.#failures += 1;
    if (error.status === 401) {
      this.onState("signed-out");
      this.stop();
      return 0;
    }
    if (error.retryAfter !== null && error.retryAfter !== undefined) {
      return error.retryAfter * 1000 * (1 + this.random() * 0.2);
    }
    if (this.#failures > 1) this.onState(error.status ? "trouble" : "offline");
    return this.#backOff();
  }

  #backOff() {
    const longest = Math.min(MAX_BACKOFF, 1000 * 2 ** (this.#failures - 1));
    return longest * (0.5 + this.random() / 2);
  }
}

function pollInterval(headers) {
  const seconds = Number.parseFloat(headers.get("X-Poll-Interval"));
  return seconds > 0 ? seconds * 1000 : null;
}
