/* Lets a terminal's page be loaded again without network: what it is made of is kept on the device, asked for anew whenever
 * the server can be reached, and taken from here when it cannot. Only pages under /t/ and static files of this server are
 * kept; what people enter never passes through here. The server fills in VERSION and STATIC. */

const VERSION = "{version}";
const STATIC = "{static}";
const PREFIX = "lineside-terminal-";
const CACHE = PREFIX + VERSION;
const PATIENCE = 5000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

function isKept(url) {
  return url.origin === self.location.origin && (/^\/t\/[^/]+\/$/.test(url.pathname) || url.pathname.startsWith(STATIC));
}
function isSound(response) { return response.ok && response.type === "basic" && !response.redirected; }

/* The page says what it is made of; what an older version kept goes only when all of that is here. */
async function keepAll(addresses) {
  const cache = await caches.open(CACHE);
  const wanted = addresses.map((address) => new URL(address, self.location.origin)).filter(isKept);
  const done = await Promise.all(wanted.map(async (url) => {
    try {
      const response = await fetch(url, { cache: "no-cache", credentials: "same-origin" });
      if (!isSound(response)) { return false; }
      await cache.put(url.pathname, response);
      return true;
    } catch (unreachable) { return false; }
  }));
  if (done.length && done.every(Boolean)) {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
  }
  return done.every(Boolean);
}
self.addEventListener("message", (event) => {
  if (!event.data || !event.data.keep) { return; }
  event.waitUntil(keepAll(event.data.keep).then((whole) => {
    if (event.ports[0]) { event.ports[0].postMessage({ whole }); }
  }));
});

async function find(pathname) {
  const cache = await caches.open(CACHE);
  return (await cache.match(pathname)) || caches.match(pathname);
}

async function networkFirst(request, pathname) {
  const stop = new AbortController();
  const timer = setTimeout(async () => { if (await find(pathname)) { stop.abort(); } }, PATIENCE);
  try {
    const response = await fetch(request, { signal: stop.signal });
    if (isSound(response)) {
      const copy = response.clone();
      const cache = await caches.open(CACHE);
      await cache.put(pathname, copy);
    } else if (response.status >= 500) {
      return (await find(pathname)) || response;
    }
    return response;
  } catch (unreachable) {
    const found = await find(pathname);
    return found || new Response("The server cannot be reached, and this page was never opened on this device.", {
      status: 503, headers: { "Content-Type": "text/plain; charset=utf-8" },
    });
  } finally {
    clearTimeout(timer);
  }
}
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method === "GET" && isKept(url)) { event.respondWith(networkFirst(event.request, url.pathname)); }
});
