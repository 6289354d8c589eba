/* Service worker: Background Sync. It sends waiting messages after the page was closed. Pages send them too; both use the
   client key, so that each arrives once. See static/js/models/background_queue.js. */

const QUEUE = "wellchat.queue";

self.addEventListener("sync", (event) => {
  if (event.tag === "wellchat.send") event.waitUntil(sendWaiting());
});

/* Rejects if a message is left, so that the browser tries again. */
async function sendWaiting() {
  if (!(await caches.has(QUEUE))) return;
  const cache = await caches.open(QUEUE);
  const entries = [];
  for (const request of await cache.keys()) entries.push({ request, ...(await (await cache.match(request)).json()) });
  entries.sort((a, b) => a.at - b.at);
  const queues = new Map();
  for (const entry of entries) {
    const name = `wellchat.send.${entry.viewer}.${entry.thread_id}`; // the lock that pages take too
    queues.set(name, [...(queues.get(name) ?? []), entry]);
  }
  const all = [...queues].map(([name, list]) => self.navigator.locks.request(name, () => sendInOrder(cache, list)));
  const failed = (await Promise.allSettled(all)).find(({ status }) => status === "rejected");
  if (failed) throw failed.reason;
}

async function sendInOrder(cache, list) {
  for (const { request, viewer, thread_id: id, said: payload } of list) {
    if (!(await cache.match(request))) continue; // a page has sent or discarded it
    const answer = await fetch(`/api/threads/${id}/messages`, {
      method: "POST",
      credentials: "same-origin",
      redirect: "error",
      headers: { "Content-Type": "application/json", "X-Viewer": viewer },
      body: JSON.stringify(payload),
      signal: AbortSignal.timeout(20_000),
    });
    const ours = /\bjson\b/.test(answer.headers.get("Content-Type") ?? "");
    if (ours && answer.status === 401) return forgetPerson(cache, viewer);
    const temporary = !ours || [408, 429].includes(answer.status) || answer.status >= 500;
    if (temporary) throw new Error(`not now: ${answer.status}`);
    await cache.delete(request); // it arrived, or was refused, which the page will find out and show
  }
}

/* Their session is over: what the worker keeps of them goes, and the next page deletes the rest. */
async function forgetPerson(cache, viewer) {
  for (const request of await cache.keys()) {
    if (new URL(request.url).pathname.startsWith(`/queue/${viewer}/`)) await cache.delete(request);
  }
  await clearPages();
}
