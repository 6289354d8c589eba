/* Arrow keys, Home and End in the menus behind a button. Those with keys of their own handle them first. */

import { OPEN_SELECTOR } from "./popover.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

export function menuKeys(event) {
  const { key, target } = event;
  if (event.defaultPrevented || !(key in STEPS || key === "Home" || key === "End")) return;
  if (target.closest("input, select, textarea")) return;
  // From the button that opened it, an arrow leads into the menu.
  const opener = target.closest("[popovertarget]");
  const menu = target.closest(".menu") ?? (opener && document.getElementById(opener.getAttribute("popovertarget")));
  if (!menu?.matches(`.menu${OPEN_SELECTOR}`)) return;
  // Fields have arrows of their own, which would hold one there: Tab leads to them.
  const stops = [...menu.querySelectorAll("a[href], button")].filter((one) => !one.disabled && one.getClientRects().length);
  if (!stops.length) return;
  const at = stops.indexOf(document.activeElement);
  const next = at < 0 && key === "ArrowUp" ? -1 : at + STEPS[key];
  const to = key === "Home" ? 0 : key === "End" ? -1 : next;
  event.preventDefault();
  stops.at(to % stops.length).focus();
}
