/* One constructed style sheet for all elements: it works under a page's `style-src 'none'`. */

// The colours of the system follow `color-scheme`; the accent is the same in light and dark.
const RULES = `
:host { display: block; block-size: 640px; }
:host([hidden]), [hidden] { display: none !important; }
.box {
  --accent: oklch(0.515 0.172 var(--hue)); --line: rgb(128 128 128 / 0.3); --shadow: 0 12px 32px rgb(0 0 0 / 0.25);
  color-scheme: light dark; color: CanvasText;
  font: 16px/1.45 system-ui, sans-serif;
}
:host([theme="light"]) .box { color-scheme: light; }
:host([theme="dark"]) .box { color-scheme: dark; }
.place, .panel {
  box-sizing: border-box; display: flex; flex-direction: column; overflow: clip;
  background: Canvas; border: 1px solid var(--line); border-radius: 12px;
}
.place { block-size: 100%; }
iframe { display: block; flex: 1; min-block-size: 0; inline-size: 100%; border: 0; }
.state { flex: 1; display: grid; place-content: center; justify-items: center; gap: 16px; padding: 16px; text-align: center; }
p { margin: 0; }
button {
  box-sizing: border-box; min-block-size: 44px; min-inline-size: 44px; margin: 0; border: 1px solid transparent; border-radius: 22px;
  font: inherit; color: inherit; background: none; cursor: pointer; touch-action: manipulation;
}
button:hover { background: rgb(128 128 128 / 0.15); }
button:focus-visible { outline: 2px solid CanvasText; outline-offset: 2px; }
.again { padding-inline: 16px; border-color: currentColor; }
svg { display: block; inline-size: 22px; block-size: 22px; margin: auto; fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }
.bell { position: relative; display: inline-block; }
.bell button { padding: 0; }
.badge {
  position: absolute; inset-block-start: 0; inset-inline-start: 24px; min-inline-size: 20px; box-sizing: border-box; padding-inline: 5px;
  border: 1px solid transparent; border-radius: 10px; background: var(--accent); color: #fff;
  font-size: 12px; font-weight: 600; line-height: 18px; text-align: center; font-variant-numeric: tabular-nums; pointer-events: none;
}
.aloud { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.corner { position: fixed; z-index: var(--wellchat-z, 1000);
  inset-block-end: calc(16px + env(safe-area-inset-bottom)); inset-inline-end: calc(16px + env(safe-area-inset-right)); }
.corner button { inline-size: 56px; block-size: 56px; border-radius: 28px; background: var(--accent); color: #fff; box-shadow: var(--shadow); }
.corner button:hover { filter: brightness(1.1); }
.corner .badge { inset-inline-start: 36px; background: CanvasText; color: Canvas; }
dialog:not([open]) { display: none; }
.panel {
  position: fixed; z-index: var(--wellchat-z, 1000); margin: 0; padding: 0; inset: auto;
  inset-block-end: calc(84px + env(safe-area-inset-bottom)); inset-inline-end: calc(16px + env(safe-area-inset-right));
  inline-size: min(400px, 100vw - 32px); block-size: min(640px, 100vh - 100px); max-inline-size: none; max-block-size: none; box-shadow: var(--shadow);
}
.panel.full {
  inset: 0; inline-size: 100%; block-size: 100vh; block-size: 100dvh; border: 0; border-radius: 0; box-shadow: none;
  padding: env(safe-area-inset-top) env(safe-area-inset-right) env(safe-area-inset-bottom) env(safe-area-inset-left);
}
.panel.low { inset-block-end: calc(16px + env(safe-area-inset-bottom)); }
header { display: flex; align-items: center; justify-content: space-between; padding-inline: 16px 4px; font-weight: 600; border-block-end: 1px solid var(--line); }
header span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
@media (prefers-reduced-motion: no-preference) {
  dialog[open] { animation: arrive 160ms cubic-bezier(0.2, 0.7, 0.3, 1); }
  @keyframes arrive { from { opacity: 0; translate: 0 8px; } }
}
@media (forced-colors: active) {
  button, .badge { border-color: ButtonBorder; }
}
@media print { .corner, .panel { display: none; } }
`;

export const sheet = new CSSStyleSheet();
sheet.replaceSync(RULES.replace(/\s+/g, " "));
