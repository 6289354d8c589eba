/* What takes no more than a blink is waited for without a word. */

const BLINK = 300; // ms

/** Passes a promise on; show(true) when it takes longer than a blink, show(false) once it has ended. */
export async function late(promise, show) {
  const timer = setTimeout(show, BLINK, true);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    show(false);
  }
}
