/* Keeps this page on the device, so that it can be loaded again without network; on plain http browsers do not allow it. */

/* Resolves when the page and what it is made of are on the device, with whether they are. */
async function keepPage(worker) {
  await import("./qr.js"); // what only the camera needs
  const loaded = performance.getEntriesByType("resource").map((one) => one.name.split("#")[0]);
  const keep = Array.from(new Set([location.pathname].concat(loaded)));
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = (event) => resolve(event.data.whole);
    worker.postMessage({ keep }, [channel.port2]);
  });
}

async function remove() {
  const registrations = await navigator.serviceWorker.getRegistrations();
  await Promise.all(registrations.map((one) => one.unregister()));
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("lineside-terminal-")).map((name) => caches.delete(name)));
}

export async function install(url) {
  if (!navigator.serviceWorker) { return false; }
  try {
    if (!url) {
      await remove();
      return false;
    }
    await navigator.serviceWorker.register(url, { scope: "/t/" });
    const ready = await navigator.serviceWorker.ready;
    return await keepPage(ready.active);
  } catch (refused) {
    return false; // A browser that forbids it: the queue is kept all the same.
  }
}
