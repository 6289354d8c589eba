/* Some browsers lay the on-screen keyboard over the page instead of shrinking it. Fit the page to the visible part. */

export function followKeyboard() {
  const view = window.visualViewport;
  if (!view) return;
  const fit = () => {
    // Less is a bar of the browser. A zoomed page shows less too, and nothing lies over it.
    const covered = window.innerHeight - view.height > 80 && view.scale === 1;
    if (covered) {
      document.documentElement.style.setProperty("--viewport", `${view.height}px`);
      window.scrollTo(0, 0);
    } else document.documentElement.style.removeProperty("--viewport");
  };
  view.addEventListener("resize", fit);
}
