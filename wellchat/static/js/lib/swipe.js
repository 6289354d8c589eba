/* A swipe over a row: towards the end of the line it archives, towards the beginning it snoozes until tomorrow. */

const FAR = 96; // px

let under = null;

export function swipe(event, list, apply) {
  const row = event.target.closest("[data-thread-id]:is(li)");
  if (!row || event.touches.length > 1 || under) return;
  const link = row.querySelector("a");
  const { clientX: x, clientY: y } = event.touches[0];
  let by = 0;
  let along = null; // decided by the first move: sideways, or a scroll
  under = row;

  const move = ({ touches: [{ clientX, clientY }] }) => {
    const [dx, dy] = [clientX - x, clientY - y];
    along ??= Math.hypot(dx, dy) < 8 ? null : Math.abs(dx) > 2 * Math.abs(dy);
    if (!along) return along === false && end();
    by = dx;
    link.style.translate = `${dx}px`;
    row.dataset.swipe = Math.abs(dx) < FAR ? "" : toEnd(dx) ? "archive" : "snooze";
  };
  const toEnd = (dx) => dx > 0 === (document.dir !== "rtl");
  const end = (done) => {
    for (const [kind, listener] of Object.entries(listeners)) list.removeEventListener(kind, listener);
    link.style.translate = "";
    delete row.dataset.swipe;
    under = null;
    if (done?.type === "touchend" && Math.abs(by) >= FAR) apply([row], toEnd(by) ? { archived: "toggle" } : { snooze: "tomorrow" });
  };
  const listeners = { touchmove: move, touchend: end, touchcancel: end };
  for (const [kind, listener] of Object.entries(listeners)) list.addEventListener(kind, listener, { passive: true });
}
