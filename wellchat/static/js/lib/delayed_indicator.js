/* Shows a loading indicator only for what takes longer than a moment. */

const DELAY = 300; // ms

/** Passes a promise on; show(true) when it takes longer than DELAY, show(false) once it has ended. */
export async function withDelayedIndicator(promise, show) {
  const timer = setTimeout(show, DELAY, true);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    show(false);
  }
}
