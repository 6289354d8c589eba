/* Popovers. Browsers from before 2024 have none: they get what our pages use of them. */

const known = "popover" in (globalThis.HTMLElement ?? class {}).prototype;

/** The selector of those that are open. */
export const OPEN = known ? ":popover-open" : ".popover-open";

export const popovers = () => known || import("./old_popovers.js");
