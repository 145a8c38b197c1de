/* What people reported on this device and the server has not confirmed yet: stored before it is sent, sent in order
 * per operation, under the same id on every try, and kept until the server says it is saved. */

const STORE = "entries";
const TIMEOUT = 15000;
const PAUSES = [1000, 2000, 4000, 8000];

/* A random UUID (version 4) that also works on plain http, where crypto.randomUUID is missing. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function csrfToken() {
  const found = document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/);
  return found ? decodeURIComponent(found[1]) : "";
}

export async function post(url, body) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), TIMEOUT);
  try {
    const response = await fetch(url, {
      method: "POST",
      credentials: "same-origin",
      redirect: "manual",
      signal: stop.signal,
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrfToken() },
      body: JSON.stringify(body),
    });
    let answer = {};
    try { answer = await response.json(); } catch (notJson) { answer = {}; }
    return { status: response.status, answer };
  } finally {
    clearTimeout(timer);
  }
}

export class Outbox {
  /* changed(entries, health) after every change; settled(entry, outcome, answer) when the server decided on an entry. */
  constructor({ changed, settled }) {
    this.changed = changed;
    this.settled = settled;
    this.health = "ok"; // ok | offline | signed-out
    this.tries = 0;
    this.busy = false;
    this.again = false;
    this.timer = 0;
  }

  open() {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open("lineside", 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "seq", autoIncrement: true });
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        this.db = request.result;
        resolve();
      };
    });
  }

  run(mode, work) {
    return new Promise((resolve, reject) => {
      const change = this.db.transaction(STORE, mode);
      const request = work(change.objectStore(STORE));
      change.oncomplete = () => resolve(request.result);
      change.onerror = change.onabort = () => reject(change.error);
    });
  }

  all() { return this.run("readonly", (store) => store.getAll()); }

  /* Resolves once the entry is on this device's disk; sending goes on behind. */
  async add(entry) {
    entry.state = "waiting";
    entry.seq = await this.run("readwrite", (store) => store.add(entry));
    await this.tell();
    this.flush();
    return entry;
  }

  async forget(seq) {
    await this.run("readwrite", (store) => store.delete(seq));
    await this.tell();
  }

  async retry(seq) {
    const entry = (await this.all()).find((one) => one.seq === seq);
    if (entry) {
      entry.state = "waiting";
      await this.run("readwrite", (store) => store.put(entry));
    }
    await this.tell();
    this.flush();
  }

  async tell() { this.changed(await this.all(), this.health); }

  async flush() {
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    clearTimeout(this.timer);
    let left = 0;
    try {
      const stuck = new Set();
      for (;;) {
        this.again = false;
        const waiting = (await this.all()).filter((entry) => entry.state === "waiting");
        left = waiting.length;
        const entry = waiting.find((one) => !stuck.has(one.lane));
        if (!entry) {
          if (this.again) { continue; }
          break;
        }
        const outcome = await this.send(entry);
        if (outcome === "offline" || outcome === "signed-out") {
          this.health = outcome;
          break;
        }
        this.health = "ok";
        if (outcome === "later") { stuck.add(entry.lane); } else { this.tries = 0; }
        await this.tell();
      }
    } finally {
      this.busy = false;
    }
    await this.tell();
    if (left) {
      const pause = PAUSES[Math.min(this.tries, PAUSES.length - 1)];
      this.tries += 1;
      this.timer = setTimeout(() => this.flush(), pause);
    }
  }

  async send(entry) {
    let status;
    let answer;
    try {
      ({ status, answer } = await post(entry.url, {
        id: entry.id, action: entry.action, payload: entry.payload, occurred_at: entry.occurred_at, person: entry.person,
      }));
    } catch (unreachable) {
      return "offline";
    }
    if (status === 200) {
      await this.run("readwrite", (store) => store.delete(entry.seq));
      this.settled(entry, "saved", answer);
      return "saved";
    }
    if (status === 401 || status === 0 || (status === 403 && !answer.code)) { return "signed-out"; }
    if (status >= 400 && status < 500 && answer.code && ![408, 425, 429].includes(status)) {
      entry.state = "refused";
      entry.problem = { title: answer.title, detail: answer.detail, code: answer.code };
      await this.run("readwrite", (store) => store.put(entry));
      this.settled(entry, "refused", answer);
      return "refused";
    }
    return "later";
  }
}
