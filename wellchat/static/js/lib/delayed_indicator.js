/* Shows a loading indicator only after a delay, so that it does not flash. */

const DELAY = 300; // ms

/** Returns the promise. Calls show(true) when it takes longer than DELAY, and show(false) when it has ended. */
export async function withDelayedIndicator(promise, show) {
  const timer = setTimeout(show, DELAY, true);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    show(false);
  }
}
