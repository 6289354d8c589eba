/* How tall the content of a page is: a host may give the frame this height. It does not depend on the height that it has. */

const [LEAST, MOST, STEP] = [200, 2000, 4]; // pixels

/** Calls tell(pixels) when the content changes its height. Returns a function that measures again. */
export function height(window, tell) {
  const { document } = window;
  let told = 0;
  let waits = false;

  const measure = () => {
    waits = false;
    const scroller = document.querySelector('.shell--thread [data-part="log"]') ?? document.querySelector(".conversations");
    const hidden = scroller ? scroller.scrollHeight - scroller.clientHeight : 0;
    // A list that is shorter than its place has room below it.
    const rest = scroller ? scroller.clientHeight - contentOf(scroller) : 0;
    const natural = Math.round(document.documentElement.clientHeight + hidden - Math.max(0, rest));
    const pixels = Math.min(MOST, Math.max(LEAST, natural));
    if (Math.abs(pixels - told) < STEP) return;
    told = pixels;
    tell(pixels);
  };

  const soon = () => {
    if (!waits) window.requestAnimationFrame(measure);
    waits = true;
  };

  const watch = new window.ResizeObserver(soon);
  for (const one of [document.documentElement, ...document.querySelectorAll('[data-part="rows"], .composer, .pane-list__head')]) watch.observe(one);
  document.addEventListener("load", soon, { capture: true });
  soon();
  return soon;
}

/* The height of what stands in a box, without the room that it leaves. */
function contentOf(box) {
  const range = box.ownerDocument.createRange();
  range.selectNodeContents(box);
  return Math.ceil(range.getBoundingClientRect().height);
}
