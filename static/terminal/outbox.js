/* What people entered on this device and the server has not confirmed yet: on this device's disk before it is sent, sent
 * in order per operation, under the same id on every try, by one tab at a time, and kept until the server says that it is
 * saved or that a supervisor has it. */

const ENTRIES = "entries";
const KEPT = "kept";
const TIMEOUT = 15000;
const FILE_TIMEOUT = 60000;
const SLOW = 4000;
const LEASE = 20000;
const RECHECK = 20000;
const PAUSES = [1000, 2000, 4000, 8000];
const VERSION = "2"; // of what is sent here, see CLIENT in mes/terminal/views/common.py

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

async function within(limit, work) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), limit);
  try { return await work(stop.signal); } finally { clearTimeout(timer); }
}

export async function post(url, body, fresh) {
  const isFile = body instanceof Blob;
  const reply = await within(isFile ? FILE_TIMEOUT : TIMEOUT, async (signal) => {
    const response = await fetch(url, {
      method: "POST", credentials: "same-origin", redirect: "manual", signal,
      headers: {
        "Content-Type": isFile ? body.type : "application/json", Accept: "application/json",
        "X-CSRFToken": csrfToken(), "X-Terminal-Version": VERSION,
      },
      body: isFile ? body : JSON.stringify(body),
    });
    let answer = {};
    try { answer = await response.json(); } catch (notJson) { answer = {}; }
    return { status: response.status, answer };
  });
  if (reply.status === 403 && reply.answer.code === "csrf_stale" && !fresh) {
    // The page sets a new key as a cookie; it is asked for once.
    await within(TIMEOUT, (signal) => fetch(location.pathname, { credentials: "same-origin", cache: "no-store", signal }));
    return post(url, body, true);
  }
  return reply;
}

export class Outbox {
  /* changed(entries, health) after every change; settled(entry, outcome, answer) when the server decided on an entry.
   * limit: how many entries this device may hold. fates: the address that tells what became of refused ones. */
  constructor({ changed, settled, limit, fates }) {
    this.changed = changed;
    this.settled = settled;
    this.limit = limit;
    this.fates = fates;
    this.health = "ok"; // ok | slow | offline | signed-out | outdated
    this.tries = 0;
    this.busy = false;
    this.again = false;
    this.timer = 0;
    this.me = newId();
    this.asked = 0;
  }

  open() {
    this.opened = this.opens();
    return this.opened;
  }

  opens() {
    if (navigator.storage && navigator.storage.persist) { navigator.storage.persist().catch(() => {}); }
    if (typeof BroadcastChannel === "function") {
      this.tabs = new BroadcastChannel("lineside-outbox");
      this.tabs.onmessage = () => { this.tell(true); this.flush(); };
    }
    return new Promise((resolve, reject) => {
      const request = indexedDB.open("lineside", 2);
      request.onupgradeneeded = () => {
        const names = request.result.objectStoreNames;
        if (!names.contains(ENTRIES)) { request.result.createObjectStore(ENTRIES, { keyPath: "seq", autoIncrement: true }); }
        if (!names.contains(KEPT)) { request.result.createObjectStore(KEPT, { keyPath: "key" }); }
      };
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        this.db = request.result;
        this.db.onversionchange = () => this.db.close();
        resolve();
      };
    });
  }

  async run(mode, work, name) {
    // Whoever is quicker than the disk waits for it; afterwards the transaction begins at once, in the tap itself.
    if (!this.db) { await this.opened; }
    return new Promise((resolve, reject) => {
      const change = this.db.transaction(name || ENTRIES, mode, { durability: "strict" });
      const request = work(change.objectStore(name || ENTRIES));
      change.oncomplete = () => resolve(request && request.result);
      change.onerror = change.onabort = () => reject(change.error);
    });
  }

  all() { return this.run("readonly", (store) => store.getAll()); }
  keep(key, value) { return this.run("readwrite", (store) => store.put({ key, value }), KEPT); }
  async kept(key) {
    const found = await this.run("readonly", (store) => store.get(key), KEPT);
    return found && found.value;
  }

  /* Resolves once the entry is on this device's disk; sending goes on behind. Rejects where nothing more can be stored. */
  async add(entry) {
    entry.state = "waiting";
    // Whoever taps while the page is still coming up is not told that nothing can be stored.
    if (!this.db) { await this.opened; }
    // Counted and written in one transaction, begun in the tap itself: whatever reads this disk from now on finds it.
    entry.seq = await new Promise((resolve, reject) => {
      const change = this.db.transaction(ENTRIES, "readwrite", { durability: "strict" });
      const store = change.objectStore(ENTRIES);
      const count = store.count();
      let added = null;
      count.onsuccess = () => { if (count.result < this.limit) { added = store.add(entry); } };
      change.oncomplete = () => (added ? resolve(added.result) : reject(new Error("full")));
      change.onerror = change.onabort = () => reject(change.error);
    });
    await this.tell();
    this.flush();
    return entry;
  }

  async forget(seq) {
    await this.run("readwrite", (store) => store.delete(seq));
    await this.tell();
  }

  /* Send again what was refused; confirmed: a person says that an old entry is still right. */
  async retry(seqs, confirmed) {
    for (const entry of await this.all()) {
      if (seqs.includes(entry.seq)) {
        entry.state = "waiting";
        if (confirmed) { entry.confirmed = true; }
        await this.run("readwrite", (store) => store.put(entry));
      }
    }
    await this.tell();
    this.flush();
  }

  /* Send again what was refused, with somebody's leave. */
  async allow(seq, leave) {
    const entry = (await this.all()).find((one) => one.seq === seq);
    if (entry) {
      entry.leave = leave;
      await this.run("readwrite", (store) => store.put(entry));
      await this.retry([seq]);
    }
  }

  async tell(heard) {
    if (!this.db) { return; }
    this.changed(await this.all(), this.health);
    if (this.tabs && !heard) { this.tabs.postMessage("changed"); }
  }

  feel(health) {
    if (this.health !== health) {
      this.health = health;
      this.tell(true);
    }
  }

  /* Run work unless another tab of this device is sending: by a lock where the browser has them (https), else by a lease. */
  async alone(work) {
    if (navigator.locks) {
      return navigator.locks.request("lineside-sender", { ifAvailable: true }, (lock) => (lock ? work() : "elsewhere"));
    }
    if (!(await this.lease())) { return "elsewhere"; }
    try { return await work(); } finally { await this.run("readwrite", (store) => store.delete("sender"), KEPT); }
  }

  async lease() {
    let mine = false;
    await this.run("readwrite", (store) => {
      const request = store.get("sender");
      request.onsuccess = () => {
        const held = request.result && request.result.value;
        mine = !held || held.by === this.me || held.until < Date.now() || held.until > Date.now() + 2 * LEASE;
        if (mine) { store.put({ key: "sender", value: { by: this.me, until: Date.now() + LEASE } }); }
      };
      return request;
    }, KEPT);
    return mine;
  }

  async flush() {
    if (!this.db) { return; }
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    clearTimeout(this.timer);
    let left = 0;
    try {
      const outcome = await this.alone(() => this.drain());
      left = outcome === "elsewhere" ? (await this.all()).filter((entry) => entry.state === "waiting").length : outcome;
    } finally {
      this.busy = false;
    }
    await this.tell(true);
    if (left) {
      const pause = PAUSES[Math.min(this.tries, PAUSES.length - 1)];
      this.tries += 1;
      this.timer = setTimeout(() => this.flush(), pause);
    } else if (this.again) {
      this.flush();
    }
  }

  /* Send what waits, in order; returns how many are left. A lane stands still behind an entry that must be tried again or
   * that waits for a person's word; behind one that a supervisor has, it goes on. */
  async drain() {
    const stuck = new Set();
    for (;;) {
      this.again = false;
      const all = await this.all();
      all.filter((entry) => entry.state === "asking").forEach((entry) => stuck.add(entry.lane));
      const waiting = all.filter((entry) => entry.state === "waiting" && !stuck.has(entry.lane));
      const entry = waiting[0];
      if (!entry) {
        if (this.again) { continue; }
        await this.askFates(all);
        return all.filter((one) => one.state === "waiting" && !all.some((other) => other.state === "asking" && other.lane === one.lane)).length;
      }
      if (!navigator.locks) { await this.lease(); }
      const outcome = await this.send(entry);
      if (["offline", "signed-out", "outdated"].includes(outcome)) {
        this.health = outcome;
        return outcome === "outdated" ? 0 : waiting.length;
      }
      this.health = "ok";
      if (outcome === "later") { stuck.add(entry.lane); } else { this.tries = 0; }
      await this.tell();
    }
  }

  /* What an entry carries besides words goes first, once; the entry then names it by its digest. What the server does not
   * take is no reason to lose the entry: it goes without, and is answered in words. */
  async handIn(entry) {
    if (!entry.blob || "file" in entry.payload) { return null; }
    const reply = await post(entry.blob_url, entry.blob);
    if (reply.status !== 200 && ![413, 415, 422].includes(reply.status)) { return reply; }
    entry.payload.file = reply.answer.file || "";
    await this.run("readwrite", (store) => store.put(entry));
    return null;
  }

  async send(entry) {
    let status;
    let answer;
    const patience = setTimeout(() => this.feel("slow"), SLOW);
    try {
      const refused = await this.handIn(entry);
      ({ status, answer } = refused || await post(entry.url, {
        id: entry.id, action: entry.action, payload: entry.payload, occurred_at: entry.occurred_at, person: entry.person, claimed: entry.claimed || null,
        label: entry.said, clock_offset: entry.clock_offset, sent_at: new Date().toISOString(), confirmed: entry.confirmed === true,
        leave: entry.leave || "",
      }));
    } catch (unreachable) {
      return "offline";
    } finally {
      clearTimeout(patience);
    }
    if (status === 200) {
      await this.run("readwrite", (store) => store.delete(entry.seq));
      this.settled(entry, "saved", answer);
      return "saved";
    }
    if (status === 401 || status === 0 || (status === 403 && !answer.code)) { return "signed-out"; }
    if (status === 426) { return "outdated"; }
    if (status >= 400 && status < 500 && answer.code && ![408, 425, 429].includes(status) && answer.code !== "csrf_stale") {
      entry.state = answer.code === "entry_old" ? "asking" : "refused";
      entry.problem = { title: answer.title, detail: answer.detail, code: answer.code, kept: answer.kept === true, step_up: answer.step_up || "" };
      await this.run("readwrite", (store) => store.put(entry));
      this.settled(entry, entry.state, answer);
      return entry.state;
    }
    return "later";
  }

  /* What a supervisor has decided on meanwhile need not be shown here any more. */
  async askFates(all) {
    const shown = all.filter((entry) => entry.state !== "waiting" && entry.problem && entry.problem.kept).slice(0, 50);
    if (!shown.length || Date.now() - this.asked < RECHECK) { return; }
    this.asked = Date.now();
    try {
      const url = this.fates + "?ids=" + shown.map((entry) => entry.id).join(",");
      const response = await within(TIMEOUT, (signal) => fetch(url, { credentials: "same-origin", cache: "no-store", signal }));
      const { fates } = response.ok ? await response.json() : { fates: {} };
      for (const entry of shown) {
        const fate = fates[entry.id];
        if (fate && fate.state !== "REFUSED") {
          await this.run("readwrite", (store) => store.delete(entry.seq));
          this.settled(entry, fate.state === "SAVED" ? "saved" : "dismissed", { said: fate.said });
        }
      }
    } catch (unreachable) { /* asked again later */ }
  }
}
