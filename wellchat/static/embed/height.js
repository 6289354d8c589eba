/* How tall the content of a page is: a host may give the frame this height. It does not depend on the height that it has. */

const [LEAST, MOST, STEP] = [200, 2000, 4]; // pixels

/** Calls tell(pixels) when the content changes its height. Returns a function that measures again. */
export function height(window, tell) {
  const { document } = window;
  let told = 0;
  let counted = 0; // the content when it was told
  let waits = false;

  const measure = () => {
    waits = false;
    const scroller = document.querySelector('.shell--thread [data-part="log"]') ?? document.querySelector(".conversations");
    const hidden = scroller ? scroller.scrollHeight - scroller.clientHeight : 0;
    // A list that is shorter than its place has room beside it.
    const content = scroller ? contentOf(scroller) : 0;
    const rest = scroller ? scroller.clientHeight - content : 0;
    const natural = Math.round(document.documentElement.clientHeight + hidden - Math.max(0, rest));
    const pixels = Math.min(MOST, Math.max(LEAST, natural));
    // The same content never makes it smaller again: a pixel that is counted wrong would go on for ever.
    if (Math.abs(pixels - told) < STEP || (pixels < told && content === counted)) return;
    [told, counted] = [pixels, content];
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

/* The height of what stands in a scroller, without the room that it leaves: its rows stretch over it. */
function contentOf(scroller) {
  const rows = scroller.querySelector('[data-part="rows"]') ?? scroller;
  const range = scroller.ownerDocument.createRange();
  range.selectNodeContents(rows);
  const padding = [...new Set([scroller, rows])].map(paddingOf).reduce((sum, each) => sum + each, 0);
  return Math.ceil(range.getBoundingClientRect().height + padding);
}

function paddingOf(box) {
  const { paddingBlockStart, paddingBlockEnd } = box.ownerDocument.defaultView.getComputedStyle(box);
  return parseFloat(paddingBlockStart) + parseFloat(paddingBlockEnd);
}
