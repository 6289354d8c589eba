/* Loads a small polyfill in browsers without popovers (before 2024). */

const known = "popover" in (globalThis.HTMLElement ?? class {}).prototype;

/** Matches open popovers. */
export const OPEN_SELECTOR = known ? ":popover-open" : ".popover-open";

export const loadPopoverPolyfill = () => known || import("./popover_polyfill.js");
