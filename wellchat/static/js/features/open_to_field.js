/* A part of a page that unfolds: its first field gets the focus when somebody opens it. */

export function openToField(details) {
  details.addEventListener("toggle", () => details.open && details.querySelector("input:not([type=hidden])")?.focus());
}
