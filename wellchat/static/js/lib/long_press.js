/* Detects a long press, for elements where a tap already means something else. */

const RESTS = 450; // ms
const STILL = 10; // px that a finger may move

export function longPress(box, selector, act) {
  let timer = null;
  let from = null;
  let pressed = false;
  const end = () => (clearTimeout(timer), (from = null));

  box.addEventListener("pointerdown", (event) => {
    const element = event.pointerType === "touch" && event.target.closest(selector);
    if (!element) return;
    from = event;
    timer = setTimeout(() => (end(), (pressed = true), act(element, event.pointerId)), RESTS);
  });
  box.addEventListener("pointermove", (event) => {
    if (from && Math.hypot(event.x - from.x, event.y - from.y) > STILL) end();
  });
  for (const sign of ["pointerup", "pointercancel"]) box.addEventListener(sign, end);
  // Prevent the browser's own menu, and the click that would follow, also on what lies under the finger by then.
  addEventListener("pointerdown", () => (pressed = false), { capture: true });
  addEventListener("contextmenu", (event) => (from || pressed) && event.preventDefault());
  addEventListener("click", (event) => pressed && (event.preventDefault(), event.stopImmediatePropagation(), (pressed = false)), true);
}
