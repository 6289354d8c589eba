/* How loud the parts of a recording are, as the server keeps it: 48 digits from 0 to v, v the loudest. */

const PARTS = 48;

/** Returns the peaks of a recording; "" where this browser cannot decode it. */
export async function peaksOf(blob) {
  try {
    const context = new OfflineAudioContext(1, 1, 48_000);
    const decoded = await context.decodeAudioData(await blob.arrayBuffer());
    return peaksIn(decoded.getChannelData(0));
  } catch {
    return "";
  }
}

/** Returns the peaks of samples from -1 to 1. */
export function peaksIn(samples) {
  const size = Math.max(1, Math.floor(samples.length / PARTS));
  const loud = Array.from({ length: PARTS }, (_, index) => {
    let most = 0;
    for (let at = index * size; at < Math.min(samples.length, (index + 1) * size); at += 8) most = Math.max(most, Math.abs(samples[at]));
    return most;
  });
  const top = Math.max(...loud, 0.01);
  return loud.map((each) => Math.round((each / top) * 31).toString(32)).join("");
}
