/* Constructed style sheets: they work under a page's `style-src 'none'`. */

/** Returns a style sheet with these rules. */
export function styles(rules) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(rules);
  return sheet;
}

// A bell has the colour of the page that it stands on. The colours of the system follow `color-scheme`; the accent is the same in light and dark.
export const OURS = styles(`
:host { display: block; block-size: min(640px, 100dvh - 32px); }
:host(wellchat-bell) { display: inline-block; block-size: auto; }
:host(wellchat-popup) { display: contents; }
:host([hidden]), [hidden] { display: none !important; }
.box {
  --accent: oklch(0.515 0.172 var(--hue));
  color-scheme: light dark;
  font: 16px/1.45 system-ui, sans-serif;
}
:host([theme=light]) .box { color-scheme: light; }
:host([theme=dark]) .box { color-scheme: dark; }
button {
  box-sizing: border-box; min-block-size: 44px; min-inline-size: 44px; margin: 0; padding: 0; border: 1px solid transparent; border-radius: 22px;
  font: inherit; color: inherit; background: none; cursor: pointer; touch-action: manipulation;
}
button:hover { background: #80808026; }
button:focus-visible { outline: 2px solid; outline-offset: 2px; }
svg { display: block; inline-size: 22px; block-size: 22px; margin: auto; fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }
.bell { position: relative; display: inline-block; }
.badge {
  position: absolute; inset-block-start: 0; inset-inline-start: 24px; min-inline-size: 20px; box-sizing: border-box; padding-inline: 5px;
  border: 1px solid transparent; border-radius: 10px; background: var(--accent); color: #fff;
  font: 600 12px/18px system-ui, sans-serif; text-align: center; pointer-events: none;
}
.aloud { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (forced-colors: active) { button, .badge { border-color: ButtonBorder; } }
`);
