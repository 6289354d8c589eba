/* The style of what shows conversations, beside that of every element. */

import { styles } from "../elements/style.js";

export const PANES = styles(`
.box { --line: #8080804d; --shadow: 0 12px 32px rgb(0 0 0 / 0.25); }
.place, .panel {
  box-sizing: border-box; display: flex; flex-direction: column; overflow: clip;
  background: Canvas; color: CanvasText; border: 1px solid var(--line); border-radius: 12px;
}
iframe { display: block; flex: 1; min-block-size: 0; inline-size: 100%; border: 0; }
.state { flex: 1; display: grid; place-content: center; justify-items: center; gap: 16px; padding: 16px; text-align: center; }
p { margin: 0; }
.again { padding-inline: 16px; border-color: currentColor; }
.corner { position: fixed; z-index: var(--wellchat-z, 1000);
  inset-block-end: calc(16px + env(safe-area-inset-bottom)); inset-inline-end: calc(16px + env(safe-area-inset-right)); }
.corner button { inline-size: 56px; block-size: 56px; border-radius: 28px; background: var(--accent); color: #fff; box-shadow: var(--shadow); }
.corner button:focus-visible { outline-color: var(--accent); }
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
@media (forced-colors: active) { .corner .badge { background: Canvas; color: CanvasText; } }
@media print { .corner, .panel { display: none; } }
`);
