/* Times as people say them, in the zone of the person's settings; the same words as the server's filters. */

export class Times {
  constructor({ zone, now = Date.now }) {
    this.now = now;
    const format = (options) => new Intl.DateTimeFormat("en-US", { timeZone: zone, ...options });
    this.parts = format({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
    this.time = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    this.isoDate = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
  }

  /** 2026-11-12 */
  date(iso) {
    return this.isoDate.format(new Date(iso));
  }

  /** 14:05 */
  clock(iso) {
    return this.time.format(new Date(iso));
  }

  /** Today, Yesterday, Thu 12 Nov, 12 Nov 2024 */
  day(iso) {
    const age = this.#age(iso);
    if (age === 0) return "Today";
    if (age === 1) return "Yesterday";
    const { weekday, day, month, year } = this.#named(iso);
    return this.#thisYear(year) ? `${weekday} ${day} ${month}` : `${day} ${month} ${year}`;
  }

  /** For lists: 14:05, Yesterday, Thu, 12 Nov, 12 Nov 2024 */
  when(iso) {
    const age = this.#age(iso);
    if (age === 0) return this.clock(iso);
    if (age === 1) return "Yesterday";
    const { weekday, day, month, year } = this.#named(iso);
    if (age > 1 && age < 7) return weekday;
    return this.#thisYear(year) ? `${day} ${month}` : `${day} ${month} ${year}`;
  }

  /** Today 14:05 */
  full(iso) {
    return `${this.day(iso)} ${this.clock(iso)}`;
  }

  /** Here now, Seen today 14:05, Seen yesterday, Seen Thu 12 Nov, Away */
  seen({ presence, seen_at: at }) {
    if (presence === "here") return "Here now";
    if (!at) return "Away";
    const age = this.#age(at);
    if (age === 0) return `Seen today ${this.clock(at)}`;
    return age === 1 ? "Seen yesterday" : `Seen ${this.day(at)}`;
  }

  /** Waiting 5 min, Waiting 3 h, Waiting 4 days */
  waited(since) {
    const minutes = Math.floor((this.now() - Date.parse(since)) / 60_000);
    if (minutes < 60) return `Waiting ${Math.max(1, minutes)} min`;
    return minutes < 48 * 60 ? `Waiting ${Math.floor(minutes / 60)} h` : `Waiting ${Math.floor(minutes / 1440)} days`;
  }

  #age(iso) {
    return Math.round((Date.parse(this.date(this.now())) - Date.parse(this.date(iso))) / 86_400_000);
  }

  #named(iso) {
    return Object.fromEntries(this.parts.formatToParts(new Date(iso)).map(({ type, value }) => [type, value]));
  }

  #thisYear(year) {
    return this.#named(this.now()).year === year;
  }
}
