/* The operator's terminal: what a tap on anything does, and how the parts of the page come together. */

import { enqueue, enter, negative } from "./enter.js";
import "./asking.js";
import { install } from "./install.js";
import "./keys.js";
import { Language } from "./language.js";
import { newId, post } from "./outbox.js";
import { $, config, link, say, words } from "./page.js";
import { drawClock, look, recallClock, refresh, soon } from "./panels.js";
import { allLeave, arrange as arrangePeople, as, current, draw as drawPeople, firstLeaves, reporter, signOn, store } from "./people.js";
import { Presence } from "./presence.js";
import { arrange as arrangeQueue, cannotStore, isShut, outbox, waiting } from "./queue.js";
import "./readings.js";
import { listenFor, lookUp } from "./scans.js";
import { closeSheets, openSheet, press } from "./sheets.js";
import "./sink.js";
import "./strip.js";
import { Supervisor } from "./supervisor.js";
import { onUndo, toast } from "./toast.js";
import { since, start } from "../timers.js";

/* --- Somebody with the right allows it ------------------------------------------------------------------------------ */
const supervisor = new Supervisor({ url: config.step_up_url, words, open: (name) => openSheet(name, true) });
/* A PIN that was mistyped too often: somebody who may unlocks it, here and now. */
function askUnlock(number, refusal) {
  supervisor.ask({
    right: refusal.step_up, subject: "unlock " + number, what: refusal.detail,
    then: async (leave) => {
      const { status, answer } = await post(config.unlock_url, { number, leave });
      toast(status === 200 ? say(words.unlocked, { name: answer.name }) : answer.detail || words.refused, status === 200 ? "good" : "bad");
    },
  });
}
/* Something that was refused can be allowed: then it is sent again, with the leave. */
function askLeave(entry, refusal) {
  supervisor.ask({
    right: refusal.step_up, subject: entry.id, what: entry.said + ": " + refusal.detail,
    then: (leave, name) => {
      toast(say(words.allowed_by, { name, text: entry.said }), "good", entry);
      outbox.allow(entry.seq, leave);
    },
  });
}

/* --- Taps ------------------------------------------------------------------------------------------------------------- */
function does(target) {
  const counts = {};
  if (target.dataset.count) { counts[target.dataset.count] = Number(target.dataset.amount || 1); }
  const more = Object.assign({ counts, undo: target.dataset.undo || "", turn: target.dataset.turn || target.dataset.do }, as(target.dataset.as));
  const isTheirs = Boolean(more.person || more.claimed);
  const send = (leave) => enqueue(target.dataset.do, JSON.parse(target.dataset.payload || "{}"), target.dataset.said || "", Object.assign(more, leave));
  if (!reporter()) { return; }
  if (target.dataset.stepUp && !(target.dataset.as && isTheirs)) {
    const id = newId();
    supervisor.ask({ right: target.dataset.stepUp, subject: id, what: target.dataset.what || target.dataset.said, then: (leave) => send({ id, leave }) });
    return;
  }
  send();
  // Who goes home is not here any more; what they entered before still goes out under their name.
  if ("leaves" in target.dataset) { firstLeaves(); }
  closeSheets();
}
/* What has to be done before, unless it was and waits to be sent: the server decides when both arrive. */
function comesFirst(target) {
  const place = target.closest("[data-lane]");
  return Boolean(target.dataset.comesFirst && place && document.getElementById("sheet-" + target.dataset.comesFirst)
    && !waiting().some((entry) => entry.lane === place.dataset.lane && entry.action === "inspect"));
}
document.addEventListener("click", (event) => {
  const target = event.target.closest("button, a, [data-close], [data-sheet]");
  if (!target || target.disabled) { return; }
  const why = isShut(target);
  if (why) {
    event.preventDefault();
    toast(why, "info");
    return;
  }
  // A second tap in the same breath: only what counts pieces means it.
  if (event.detail > 1 && target.dataset.do && !target.dataset.count) { return; }
  if (target.dataset.key) { press(target.dataset.key, target.closest("form")); }
  else if (target.dataset.fill) {
    document.getElementById(target.dataset.fill).value = target.dataset.value;
    if (target.dataset.then) { document.getElementById(target.dataset.then).focus(); }
  }
  else if (target.hasAttribute("data-close")) { target.closest("dialog").close(); }
  else if (comesFirst(target)) { openSheet(target.dataset.comesFirst); }
  else if (target.dataset.sheet) {
    if (target.dataset.why && !document.getElementById("sheet-" + target.dataset.sheet)) { toast(target.dataset.why, "info"); return; }
    openSheet(target.dataset.sheet);
  }
  else if (target.dataset.language) {
    // Whoever chooses it means it, also against what is written down about them.
    if (current()) { current().language = ""; }
    store();
    tongue.choose(target.dataset.language);
  }
  else if ("job" in target.dataset) { event.preventDefault(); look(target.dataset.job); }
  else if (target.dataset.do && target.type !== "submit") { does(target); }
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "dialog" || form.hasAttribute("data-plain")) { return; }
  event.preventDefault();
  if (form.id === "sign-on-form") {
    signOn({ number: form.elements.number.value.trim(), pin: form.elements.pin.value });
    form.elements.pin.value = "";
  } else if (form.id === "step-up-form") {
    supervisor.answer();
  } else {
    enter(form, event.submitter || $("button[type=submit]", form));
  }
});

/* --- Begin ------------------------------------------------------------------------------------------------------------ */
/* Where the page cannot be loaded again without the server, leaving it would hide what waits. */
function survivesReload() { return Boolean(navigator.serviceWorker && navigator.serviceWorker.controller); }
const tongue = new Language({
  available: config.languages,
  mayLeave: () => link.missed === 0 && (survivesReload() || !waiting().length),
});
window.addEventListener("beforeunload", (event) => {
  if (!survivesReload() && waiting().length) {
    event.preventDefault();
    event.returnValue = "";
  }
});
window.addEventListener("online", () => outbox.flush());
new Presence({
  seconds: config.lapse_seconds, words, current,
  lapse(person) {
    allLeave();
    toast(say(words.lapsed, { name: person.name }), "info");
  },
});
arrangePeople({ follow: (person) => tongue.follow(person), unknown: lookUp, locked: askUnlock });
/* What waits may have reached the server already: its reversal goes behind it, and both are booked or neither counts. */
const takeBack = (entry) => enqueue(entry.undo, { report: entry.id, operation: entry.payload.operation }, say(words.undone, { text: entry.said }), Object.assign({ counts: negative(entry.counts) }, as(entry.person_number)));
arrangeQueue({ settled: soon, allow: askLeave, takeBack });
onUndo(takeBack);
listenFor(supervisor);
// Not by the time in the page: it may have come out of this device's own store.
recallClock();
start("");
drawClock();
drawPeople();
outbox.open().then(() => outbox.tell(true)).then(() => outbox.flush()).catch(cannotStore).then(() => refresh());
window.lineside = { outbox, since, installed: install(config.worker_url) };
