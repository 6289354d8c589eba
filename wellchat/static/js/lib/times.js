/* Formats times in the person's language and time zone, the same as the server's filters. */

import { language, t, tn } from "./i18n.js";

export class Times {
  constructor({ zone, now = Date.now, lang = language }) {
    this.now = now;
    const english = lang.split("-")[0] === "en";
    const format = (options) => new Intl.DateTimeFormat(english ? "en-US" : lang, { timeZone: zone, ...options });
    const [weekday, day, month, year] = ["short", "numeric", "short", "numeric"];
    const forms = { day: { weekday, day, month }, short: { day, month }, year: { day, month, year }, weekday: { weekday } };
    this.forms = Object.fromEntries(Object.entries(forms).map(([name, options]) => [name, format(options)]));
    this.time = format(english ? { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } : { timeStyle: "short" });
    this.isoDate = new Intl.DateTimeFormat("en-US", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
    this.english = english;
  }

  /** 2026-11-12; put together here, because no locale gives this form in every browser. */
  date(iso) {
    const { year, month, day } = partsOf(this.isoDate, new Date(iso));
    return `${year}-${month}-${day}`;
  }

  /** 14:05 */
  clock(iso) {
    return this.time.format(new Date(iso));
  }

  /** Today, Yesterday, Thu 12 Nov, 12 Nov 2024 */
  day(iso) {
    const age = this.#age(iso);
    if (age === 0) return t("Today");
    if (age === 1) return t("Yesterday");
    return this.#named(iso, this.#thisYear(iso) ? "day" : "year");
  }

  /** For lists: 14:05, Yesterday, Thu, 12 Nov, 12 Nov 2024 */
  when(iso) {
    const age = this.#age(iso);
    if (age === 0) return this.clock(iso);
    if (age === 1) return t("Yesterday");
    if (age > 1 && age < 7) return this.#named(iso, "weekday");
    return this.#named(iso, this.#thisYear(iso) ? "short" : "year");
  }

  /** Today 14:05 */
  full(iso) {
    return `${this.day(iso)} ${this.clock(iso)}`;
  }

  /** Here now, Seen today 14:05, Seen yesterday, Seen Thu 12 Nov, Away */
  seen({ presence, seen_at: at }) {
    if (presence === "here") return t("Here now");
    if (!at) return t("Away");
    const age = this.#age(at);
    if (age === 0) return t("Seen today %(time)s", { time: this.clock(at) });
    return age === 1 ? t("Seen yesterday") : t("Seen %(day)s", { day: this.day(at) });
  }

  /** Waiting 5 min, Waiting 3 h, Waiting 4 days */
  waited(since) {
    const minutes = Math.floor((this.now() - Date.parse(since)) / 60_000);
    if (minutes < 60) return t("Waiting %(num)s min", { num: Math.max(1, minutes) });
    if (minutes < 48 * 60) return t("Waiting %(num)s h", { num: Math.floor(minutes / 60) });
    return tn("Waiting %(num)s day", "Waiting %(num)s days", Math.floor(minutes / 1440));
  }

  #age(iso) {
    return Math.round((Date.parse(this.date(this.now())) - Date.parse(this.date(iso))) / 86_400_000);
  }

  /* English has a form of its own in wellchat; every other language follows its locale. */
  #named(iso, form) {
    const date = new Date(iso);
    if (!this.english) return this.forms[form].format(date);
    const parts = partsOf(this.forms[form], date);
    return ["weekday", "day", "month", "year"].map((name) => parts[name]).filter(Boolean).join(" ");
  }

  #thisYear(iso) {
    return this.date(iso).slice(0, 4) === this.date(this.now()).slice(0, 4);
  }
}

const partsOf = (format, date) => Object.fromEntries(format.formatToParts(date).map(({ type, value }) => [type, value]));
