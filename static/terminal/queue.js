/* The outbox as people see it: the pill, the list behind it, counts that move with a tap, what waits and so is done. */

import { Outbox } from "./outbox.js";
import { $, $$, clock, config, link, say, words } from "./page.js";
import { hide, tellFate, tellWaiting, toast } from "./toast.js";

let entries = [];
let storable = true;
/* settled(): the server decided on an entry; allow(entry, refusal): somebody with the right may still let it through;
 * takeBack(entry): it was a mistake. */
let others = { settled() {}, allow() {}, takeBack() {} };

export function arrange(wanted) { others = wanted; }
export const waiting = () => entries.filter((entry) => entry.state === "waiting");
export const parked = () => entries.filter((entry) => entry.state !== "waiting");

export const outbox = new Outbox({
  limit: config.most_entries,
  fates: config.fates_url,
  changed(all, health) {
    entries = all;
    drawPill(health);
    drawEntries(health);
    drawQueue();
  },
  settled(entry, outcome, answer) {
    if (outcome === "refused" || outcome === "asking" || outcome === "dismissed") {
      toast(entry.said + ": " + (answer.detail || answer.said || words.refused), "bad");
      // Whoever entered it stands here still, and nothing else is being typed.
      if (answer.step_up && Date.now() - entry.tapped_at < 30000 && !$("dialog[open]")) {
        hide();
        others.allow(entry, answer);
      }
    } else {
      tellFate(entry, answer.said || words.saved);
    }
    others.settled();
  },
});
export function cannotStore() {
  storable = false;
  drawPill(outbox.health);
}

/* What the pill says: the worst first, and what waits beside it. */
function pillSays(health) {
  const n = waiting().length;
  const stuck = parked().length;
  if (!storable) { return ["bad", words.cannot_store]; }
  if (health === "outdated") { return ["bad", say(words.outdated, { n: entries.length })]; }
  if (health === "signed-out") { return ["bad", words.signed_out + (n ? " · " + say(words.waiting, { n }) : "")]; }
  if (entries.length >= 0.9 * outbox.limit) { return ["bad", say(words.nearly_full, { n: entries.length })]; }
  if (stuck) { return ["bad", say(words.attention, { n: stuck }) + (n ? " · " + say(words.waiting, { n }) : "")]; }
  if (n && (health === "offline" || health === "slow")) { return ["waiting", say(words.waiting_since, { n, time: clock(waiting()[0].tapped_at) })]; }
  if (n) { return ["sending", say(words.sending, { n })]; }
  if (link.missed > 2) { return ["waiting", words.offline]; }
  return ["saved", words.all_saved];
}
export function drawPill(health) {
  const [kind, text] = pillSays(health || outbox.health);
  const pill = $("#pill");
  pill.className = "pill plain " + kind;
  const said = $("[data-pill]", pill);
  if (said.textContent !== text) { said.textContent = text; }
  if (health === "offline" || health === "slow") { tellWaiting(entries); }
}
function drawEntries(health) {
  const list = $("#entries");
  list.textContent = "";
  entries.forEach((entry) => {
    const item = $("#entry-template").content.firstElementChild.cloneNode(true);
    const who = entry.person_name ? " · " + entry.person_name + (entry.claimed ? " (" + words.unverified + ")" : "") : "";
    item.dataset.state = entry.state;
    $("[data-said]", item).textContent = entry.said;
    $("[data-when]", item).textContent = clock(entry.tapped_at, { second: "2-digit" }) + who;
    $("[data-fate]", item).textContent = words["entry_" + entry.state];
    $("[data-problem]", item).textContent = entry.state !== "waiting" && entry.problem ? entry.problem.detail : "";
    const again = $("[data-again]", item);
    const right = $("[data-right]", item);
    const understood = $("[data-understood]", item);
    const allow = $("[data-allow]", item);
    allow.hidden = !(entry.state === "refused" && entry.problem && entry.problem.step_up);
    const back = $("[data-back]", item);
    const isTaken = entries.some((other) => other.action === entry.undo && other.payload.report === entry.id);
    back.hidden = !(entry.state === "waiting" && entry.undo) || isTaken;
    back.onclick = () => others.takeBack(entry);
    allow.onclick = () => others.allow(entry, entry.problem);
    again.hidden = entry.state !== "refused";
    right.hidden = entry.state !== "asking";
    // Only what the server keeps may be forgotten here.
    understood.hidden = !(entry.state !== "waiting" && entry.problem && entry.problem.kept);
    again.onclick = () => outbox.retry([entry.seq]);
    right.onclick = () => outbox.retry([entry.seq], true);
    understood.onclick = () => outbox.forget(entry.seq);
    list.append(item);
  });
  $("#entries-empty").hidden = entries.length > 0;
  const asking = entries.filter((entry) => entry.state === "asking").map((entry) => entry.seq);
  const all = $("#entries-right");
  all.hidden = asking.length < 2;
  all.onclick = () => outbox.retry(asking, true);
  const reload = $("#reload");
  reload.hidden = health !== "outdated";
  reload.onclick = () => location.reload();
}

export function drawQueue() {
  drawCounters();
  drawTurns();
}
/* Counts on the page move with the tap; the server's own figure replaces them when it has the entry. */
function drawCounters() {
  const sums = {};
  waiting().forEach((entry) => {
    Object.keys(entry.counts || {}).forEach((key) => { sums[key] = (sums[key] || 0) + entry.counts[key]; });
  });
  $$("[data-counter]").forEach((element) => {
    const extra = sums[element.dataset.counter] || 0;
    const value = Math.round((Number(element.dataset.base) + extra) * 1e6) / 1e6;
    const text = extra ? String(value) : element.dataset.shown || String(value);
    if (element.textContent !== text) { element.textContent = text; }
    element.classList.toggle("unsent", extra !== 0);
  });
}
/* What was entered and waits changes what can be done next: [data-after="start"] can be done although the server still
 * says no, [data-not-after="start"] cannot, by the last such entry of the operation. */
function drawTurns() {
  $$("[data-lane]").forEach((place) => {
    const queued = waiting().filter((entry) => entry.lane === place.dataset.lane && config.turns.includes(entry.action));
    const last = queued.length ? queued[queued.length - 1].turn : "";
    $$("[data-after], [data-not-after]", place).forEach((button) => {
      const open = last && (button.dataset.after || "").split(" ").includes(last);
      const shut = last && (button.dataset.notAfter || "").split(" ").includes(last);
      button.classList.toggle("queued-open", Boolean(open));
      button.classList.toggle("queued-shut", Boolean(shut));
    });
  });
}
/* Why a button does nothing just now, or "". */
export function isShut(button) {
  if (button.classList.contains("queued-shut")) { return words.queued; }
  if (button.getAttribute("aria-disabled") === "true" && !button.classList.contains("queued-open")) {
    return button.dataset.why || button.title || words.refused;
  }
  return "";
}
