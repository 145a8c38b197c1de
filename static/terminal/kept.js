/* What the server last said about each job here, kept on this device: so that a terminal without network still shows its
 * jobs, its reasons and its keys, also after a restart. */

const NEXT_JOBS = 6;
const EVERY = 60000;

export class Kept {
  constructor(outbox, code) {
    this.outbox = outbox;
    this.code = code;
    this.asked = 0;
  }

  key(job) { return "panels/" + this.code + "/" + job; }

  async keep(job, state) {
    if (!this.outbox.db) { return; }
    try { await this.outbox.keep(this.key(job), { state, at: Date.now(), lang: document.documentElement.lang }); } catch (full) { /* shown, though not kept */ }
  }

  async find(job) {
    if (!this.outbox.db) { return null; }
    const found = await this.outbox.kept(this.key(job));
    return found && found.lang === document.documentElement.lang ? found : null;
  }

  /* The next jobs in the list, once a minute: they may be wanted while the network is away. */
  async others(url, token) {
    if (document.hidden || Date.now() - this.asked < EVERY) { return; }
    this.asked = Date.now();
    const jobs = Array.from(document.querySelectorAll("#panel-next [data-job]")).map((one) => one.dataset.job).slice(0, NEXT_JOBS);
    for (const job of jobs) {
      try {
        const response = await fetch(url(job), { credentials: "same-origin", cache: "no-store", headers: { "X-Page-Token": token } });
        if (response.status === 200) { await this.keep(job, await response.json()); }
      } catch (unreachable) { return; }
    }
  }
}
