/* Popovers. Browsers from before 2024 have none: they get what our pages use of them. */

const known = "popover" in (globalThis.HTMLElement ?? class {}).prototype;

/** The selector of those that are open. */
export const OPEN_SELECTOR = known ? ":popover-open" : ".popover-open";

export const loadPopoverPolyfill = () => known || import("./popover_polyfill.js");
