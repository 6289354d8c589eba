/* At midnight in the person's time zone, what said "Today" says "Yesterday". */

import { setTime } from "./dom.js";

const MINUTE = 60_000; // every time zone is whole minutes from the others

/** Calls turned() when the day has changed and the times on the page are written anew. */
export function turnDays({ times }, turned, { page = document, wait = setTimeout } = {}) {
  let today = times.date(times.now());
  const check = () => {
    if (times.date(times.now()) === today) return;
    today = times.date(times.now());
    page.querySelectorAll("time[data-form][datetime]").forEach((element) => setTime(element, element.dateTime, times));
    turned();
  };
  const tick = () => wait(() => (check(), tick()), MINUTE - (times.now() % MINUTE));
  tick();
  page.addEventListener("visibilitychange", check); // a hidden page, or a device that slept, may be late
}
