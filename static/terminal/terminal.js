/* The operator's terminal: panels that the server draws, taps that become entries of the outbox, scans, timers. */

import { Kept } from "./kept.js";
import { install } from "./install.js";
import { Language } from "./language.js";
import { Outbox, newId, post } from "./outbox.js";
import { follow } from "./photos.js";
import { Presence } from "./presence.js";
import "./readings.js";
import { listen } from "./scanner.js";
import { Supervisor } from "./supervisor.js";
import { redraw, whenLifted } from "../redraw.js";
import { clockOffset, seedClock, serverNow, serverTime, since, start, tick } from "../timers.js";

const config = JSON.parse(document.getElementById("terminal-config").textContent);
const words = config.words;
const $ = (selector, root) => (root || document).querySelector(selector);
const $$ = (selector, root) => Array.from((root || document).querySelectorAll(selector));
const say = (text, facts) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? facts[name] : whole));

/* --- Who is at this terminal ------------------------------------------------------------------------------------ */
const peopleKey = "lineside-people-" + config.code;
let people = [];
try { people = JSON.parse(localStorage.getItem(peopleKey) || "[]"); } catch (broken) { people = []; }
people = people.filter((person) => Date.parse(person.until) > Date.now());

function storePeople() {
  try { localStorage.setItem(peopleKey, JSON.stringify(people)); } catch (full) { /* for this page only */ }
  drawPeople();
  tongue.follow(people[0]);
}
function drawPeople() {
  const current = people[0];
  const chip = $("#operator");
  chip.classList.toggle("nobody", !current);
  $("[data-operator-name]").textContent = current ? current.name : words.nobody;
  $("[data-operator-role]").hidden = !current;
  $("[data-operator-more]").textContent = people.length > 1 ? "+" + (people.length - 1) : "";
  const list = $("#people-here");
  list.textContent = "";
  people.forEach((person, index) => {
    const item = $("#person-template").content.firstElementChild.cloneNode(true);
    $("[data-name]", item).textContent = person.name;
    $("[data-number]", item).textContent = person.number;
    item.classList.toggle("current", index === 0);
    $("[data-use]", item).addEventListener("click", () => {
      people.splice(index, 1);
      people.unshift(person);
      storePeople();
      closeSheet("sign-on");
    });
    $("[data-leave]", item).addEventListener("click", () => {
      people.splice(index, 1);
      storePeople();
    });
    list.append(item);
  });
  document.body.classList.toggle("locked", !current);
  $$("[data-read-by]").forEach((one) => one.classList.toggle("is-read", Boolean(current) && one.dataset.readBy.split("|").includes(current.number)));
  $$(".recent [data-value]").forEach((one) => { one.hidden = people.some((person) => person.number === one.dataset.value); });
}
async function signOn(proof) {
  const problem = $("#sign-on-problem");
  problem.textContent = "";
  try {
    const { status, answer } = await post(config.sign_on_url, proof);
    if (status === 200) {
      const draft = $$("dialog[open]").find((sheet) => sheet.dataset.owner && sheet.dataset.owner !== answer.number);
      const others = people.filter((person) => person.number !== answer.number);
      // Whoever comes sees what was left for them first.
      if (others.length === people.length) { $(".zone-side").scrollTop = 0; }
      // What somebody else has begun stays theirs: who comes now is here, but does not report yet.
      people = draft && others.length ? [others[0], answer].concat(others.slice(1)) : [answer].concat(others);
      storePeople();
      closeSheet("sign-on");
      if (draft && others.length) {
        toast(say(words.finish_first, { name: answer.name, other: draft.dataset.ownerName }), "info");
      } else {
        toast(say(words.hello, { name: answer.name }), "good");
      }
      return true;
    }
    if (status === 401 || status === 0) {
      location.reload();
      return false;
    }
    problem.textContent = answer.detail || words.refused;
    if (answer.step_up && proof.number) { askUnlock(proof.number, answer); }
    if (proof.badge && answer.code === "badge_unknown") { lookUp(proof.badge); }
    else if (proof.badge) { toast(answer.detail || words.refused, "bad"); }
  } catch (unreachable) {
    problem.textContent = words.sign_on_offline;
    if (proof.badge) { toast(words.sign_on_offline, "bad"); }
  }
  return false;
}

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
const supervisor = new Supervisor({ url: config.step_up_url, words, open: (name) => openSheet(name, true) });
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
new Presence({
  seconds: config.lapse_seconds, words, current: () => people[0],
  lapse(person) {
    people = [];
    storePeople();
    toast(say(words.lapsed, { name: person.name }), "info");
  },
});

/* --- Toasts: what, how much, which order; with the way back ------------------------------------------------------- */
let toastTimer = 0;
function toast(text, kind, entry) {
  const box = $("#toast");
  box.className = "toast " + (kind || "");
  $("[data-said]", box).textContent = text;
  $("[data-fate]", box).textContent = "";
  box.dataset.entry = entry ? entry.id : "";
  const undo = $("[data-undo-last]", box);
  undo.hidden = !(entry && entry.undo);
  undo.onclick = () => {
    box.hidden = true;
    enqueue(entry.undo, { report: entry.id, operation: entry.payload.operation }, say(words.undone, { text: entry.said }), Object.assign({ counts: negative(entry.counts) }, as(entry.person_number)));
  };
  box.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { box.hidden = true; }, kind === "bad" ? 15000 : 10000);
}
function negative(counts) {
  const turned = {};
  Object.keys(counts || {}).forEach((key) => { turned[key] = -counts[key]; });
  return turned;
}

/* --- The outbox and its pill ---------------------------------------------------------------------------------------- */
let entries = [];
let storable = true;
const outbox = new Outbox({
  limit: config.most_entries,
  fates: config.fates_url,
  changed(all, health) {
    entries = all;
    drawPill(health);
    drawEntries(health);
    drawCounters();
    drawQueued();
  },
  settled(entry, outcome, answer) {
    const box = $("#toast");
    if (outcome === "refused" || outcome === "asking" || outcome === "dismissed") {
      toast(entry.said + ": " + (answer.detail || answer.said || words.refused), "bad");
      // Whoever entered it stands here still, and nothing else is being typed.
      if (answer.step_up && Date.now() - entry.tapped_at < 30000 && !$("dialog[open]")) {
        box.hidden = true;
        askLeave(entry, answer);
      }
    } else if (!box.hidden && box.dataset.entry === entry.id) {
      $("[data-fate]", box).textContent = answer.said || words.saved;
    }
    soon();
  },
});
const kept = new Kept(outbox, config.code);
const language = document.documentElement.lang;
const clock = (at, parts) => new Date(at).toLocaleTimeString(language + "-u-nu-latn", Object.assign({ hourCycle: "h23", hour: "2-digit", minute: "2-digit" }, parts));

/* What the pill says: the worst first, and what waits beside it. */
function pillSays(health) {
  const waiting = entries.filter((entry) => entry.state === "waiting");
  const parked = entries.length - waiting.length;
  const n = waiting.length;
  if (!storable) { return ["bad", words.cannot_store]; }
  if (health === "outdated") { return ["bad", say(words.outdated, { n: entries.length })]; }
  if (health === "signed-out") { return ["bad", words.signed_out + (n ? " · " + say(words.waiting, { n }) : "")]; }
  if (entries.length >= 0.9 * outbox.limit) { return ["bad", say(words.nearly_full, { n: entries.length })]; }
  const since = n ? say(words.waiting_since, { n, time: clock(waiting[0].tapped_at) }) : "";
  if (parked) { return ["bad", say(words.attention, { n: parked }) + (n ? " · " + say(words.waiting, { n }) : "")]; }
  if (n && (health === "offline" || health === "slow")) { return ["waiting", since]; }
  if (n) { return ["sending", say(words.sending, { n })]; }
  if (missed > 2) { return ["waiting", words.offline]; }
  return ["saved", words.all_saved];
}
function drawPill(health) {
  const [kind, text] = pillSays(health);
  const pill = $("#pill");
  pill.className = "pill plain " + kind;
  const said = $("[data-pill]", pill);
  if (said.textContent !== text) { said.textContent = text; }
  const box = $("#toast");
  const shown = entries.find((entry) => entry.id === box.dataset.entry);
  if (!box.hidden && shown && shown.state === "waiting" && (health === "offline" || health === "slow")) {
    $("[data-fate]", box).textContent = words.not_sent_yet;
  }
}
function fateOf(entry) {
  if (entry.state === "asking") { return entry.problem.detail; }
  return entry.state === "refused" && entry.problem ? entry.problem.detail : "";
}
function drawEntries(health) {
  const list = $("#entries");
  list.textContent = "";
  entries.forEach((entry) => {
    const item = $("#entry-template").content.firstElementChild.cloneNode(true);
    const parked = entry.state !== "waiting";
    item.dataset.state = entry.state;
    $("[data-said]", item).textContent = entry.said;
    $("[data-when]", item).textContent = clock(entry.tapped_at, { second: "2-digit" }) + (entry.person_name ? " · " + entry.person_name : "");
    $("[data-fate]", item).textContent = words["entry_" + entry.state];
    $("[data-problem]", item).textContent = fateOf(entry);
    const again = $("[data-again]", item);
    const right = $("[data-right]", item);
    const understood = $("[data-understood]", item);
    const allow = $("[data-allow]", item);
    allow.hidden = !(entry.state === "refused" && entry.problem && entry.problem.step_up);
    allow.onclick = () => askLeave(entry, entry.problem);
    again.hidden = entry.state !== "refused";
    right.hidden = entry.state !== "asking";
    // Only what the server keeps may be forgotten here.
    understood.hidden = !(parked && entry.problem && entry.problem.kept);
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

/* Counts on the page move with the tap; the server's own figure replaces them when it has the entry. */
function drawCounters() {
  const sums = {};
  entries.filter((entry) => entry.state === "waiting").forEach((entry) => {
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
function drawQueued() {
  $$("[data-lane]").forEach((place) => {
    const queued = entries.filter((entry) => entry.state === "waiting" && entry.lane === place.dataset.lane && config.turns.includes(entry.action));
    const last = queued.length ? queued[queued.length - 1].turn : "";
    $$("[data-after], [data-not-after]", place).forEach((button) => {
      const open = last && (button.dataset.after || "").split(" ").includes(last);
      const shut = last && (button.dataset.notAfter || "").split(" ").includes(last);
      button.classList.toggle("queued-open", Boolean(open));
      button.classList.toggle("queued-shut", Boolean(shut));
    });
  });
}
function isShut(button) {
  if (button.classList.contains("queued-shut")) { return words.queued; }
  if (button.getAttribute("aria-disabled") === "true" && !button.classList.contains("queued-open")) {
    return button.dataset.why || button.title || words.refused;
  }
  return "";
}

let lastAt = 0;
/* When it happens, by the server's clock as far as it is known; never before the entry before it. */
function happensAt() {
  let at = serverNow().getTime();
  if (at <= lastAt && lastAt - at < 60000) { at = lastAt + 1; }
  lastAt = at;
  return new Date(at).toISOString();
}

/* As a certain person, if they are here: one's own entry is taken back by oneself, whoever reports just now. */
function as(number) {
  const person = people.find((one) => one.number === number);
  return person ? { person: person.token, person_name: person.name, person_number: person.number } : {};
}
async function enqueue(action, payload, said, more) {
  const person = people[0];
  if (!person && !(more && more.anonymous)) {
    openSheet("sign-on", true);
    return null;
  }
  const entry = Object.assign({
    id: newId(), url: config.entries_url, action, turn: action, payload, said, lane: String(payload.operation || ""), counts: {},
    occurred_at: happensAt(), tapped_at: Date.now(), clock_offset: clockOffset(),
    person: person ? person.token : "", person_name: person ? person.name : "", person_number: person ? person.number : "",
  }, more || {});
  if (!entry.quiet) { toast(said, "good", entry); }
  try {
    await outbox.add(entry);
  } catch (full) {
    if (full.message !== "full" && !entry.blob) { storable = false; }
    drawPill(outbox.health);
    toast(entry.lost || words.cannot_store, "bad");
    return null;
  }
  if (navigator.vibrate) { navigator.vibrate(30); }
  return entry;
}

/* --- Panels: drawn by the server, swapped only where they changed ----------------------------------------------------- */
const drawn = {};
let latest = null;
let etag = "";
let missed = 0;
let focus = config.focus || "";
let pollTimer = 0;
let shownFor = null;
const SLOW_ANSWER = 5000; // milliseconds

function stateUrl(job) {
  const wanted = job === undefined ? focus : job;
  return config.state_url + (wanted ? "?job=" + encodeURIComponent(wanted) : "");
}

/* How wrong this device's clock is, where that is worth a word: times are corrected, people should know why. */
function drawClock() {
  const note = $("#clock-note");
  const off = clockOffset();
  note.hidden = off === null || Math.abs(off) <= 30000;
  if (!note.hidden) {
    const minutes = Math.round(Math.abs(off) / 60000);
    const by = minutes >= 120 ? Math.round(minutes / 60) + " h" : minutes >= 1 ? minutes + " min" : Math.round(Math.abs(off) / 1000) + " s";
    const text = say(off < 0 ? words.clock_ahead : words.clock_behind, { by });
    if (note.textContent !== text) { note.textContent = text; }
  }
}
/* askedAt: this device's clock at the question. An answer that was long under way says little of what time it is now. */
function heardTime(time, askedAt) {
  const took = Date.now() - askedAt;
  if (clockOffset() !== null && (took < 0 || took > SLOW_ANSWER)) { return; }
  serverTime(time);
  try { localStorage.setItem("lineside-clock", String(clockOffset())); } catch (full) { /* until the page is left */ }
  drawClock();
}

function show(state) {
  latest = state;
  whenLifted("panels", draw);
}
function draw() {
  if (!latest) { return; }
  document.body.dataset.state = latest.bar;
  Object.keys(latest.panels).forEach((key) => {
    const panel = document.getElementById("panel-" + key);
    // A sheet that is open stays as it was opened; its panel is drawn when it is closed.
    if (!panel || drawn[key] === latest.panels[key] || $("dialog[open]", panel)) { return; }
    redraw(panel, latest.panels[key]);
    drawn[key] = latest.panels[key];
  });
  drawCounters();
  drawQueued();
  drawPeople();
  tick();
}
/* Without the server: what it last said about this job, with the time of it. */
async function showKept() {
  const asked = focus;
  const found = await kept.find(asked);
  if (found && asked === focus && missed > 0) {
    etag = "";
    shownFor = asked;
    show(found.state);
    drawAge(found.at);
  }
}
function drawAge(at) {
  const note = $("#age-note");
  note.hidden = !at;
  if (at) { note.textContent = say(words.as_of, { time: clock(at) }); }
}
document.addEventListener("close", () => whenLifted("panels", draw), true);

async function refresh() {
  clearTimeout(pollTimer);
  const asked = focus;
  const askedAt = Date.now();
  try {
    const response = await fetch(stateUrl(), {
      credentials: "same-origin", cache: "no-store", redirect: "manual",
      headers: Object.assign({ "X-Page-Token": config.token, "X-Page-Version": config.version,
        "X-Queue-Length": String(entries.filter((entry) => entry.state === "waiting").length) }, etag ? { "If-None-Match": etag } : {}),
    });
    if (response.status === 200) {
      const state = await response.json();
      if (asked === focus) {
        etag = response.headers.get("ETag") || "";
        show(state);
        kept.keep(asked, state);
      }
    } else if (response.status === 401) {
      location.reload();
      return;
    } else if (response.status === 403) {
      // Revoked: the page that comes instead says so. What is held here is handed over first.
      await outbox.flush();
      if (!entries.some((entry) => entry.state === "waiting")) {
        location.reload();
        return;
      }
      throw new Error("revoked");
    } else if (response.status !== 304) {
      throw new Error(String(response.status));
    }
    const time = response.headers.get("X-Server-Time");
    if (time) { heardTime(time, askedAt); }
    if (missed > 2 || entries.some((entry) => entry.state !== "waiting")) { outbox.flush(); }
    missed = 0;
    shownFor = asked;
    drawAge(0);
    kept.others(stateUrl, config.token);
  } catch (unreachable) {
    missed += 1;
    if (missed === 3 || asked !== shownFor) { showKept(); }
  }
  document.body.classList.toggle("stale-panels", missed > 2);
  if (missed === 3 || missed === 0) { drawPill(outbox.health); }
  pollTimer = setTimeout(refresh, (document.hidden ? 15000 : 2000) + Math.random() * 400);
}
function soon() {
  clearTimeout(pollTimer);
  pollTimer = setTimeout(refresh, 60);
}
function look(job) {
  focus = job;
  etag = "";
  latest = null;
  history.replaceState(null, "", job ? "?job=" + encodeURIComponent(job) : location.pathname);
  closeSheets();
  refresh();
}

/* --- Sheets and number pads ---------------------------------------------------------------------------------------------- */
/* over: what is open stays open below, with what was typed into it. */
function openSheet(name, over) {
  const sheet = document.getElementById("sheet-" + name);
  if (!sheet || sheet.open) { return; }
  if (!over) { closeSheets(); }
  const form = $("form", sheet);
  if (form) {
    form.reset();
    $$("[data-typed]", form).forEach((field) => field.removeAttribute("data-typed"));
    $$("button[type=submit]", form).forEach(unask);
  }
  const problem = $(".sheet-problem", sheet);
  if (problem) { problem.textContent = ""; }
  // Who begins an entry finishes it.
  sheet.dataset.owner = form && form.dataset.do && people[0] ? people[0].number : "";
  sheet.dataset.ownerName = sheet.dataset.owner ? people[0].name : "";
  sheet.showModal();
  const first = $("[data-first]", sheet) || $("[data-figure]", sheet);
  if (first) { first.focus(); }
  soonAsked(sheet);
}
function closeSheet(name) { document.getElementById("sheet-" + name).close(); }
function closeSheets() { $$("dialog[open]").forEach((sheet) => sheet.close()); }

function press(key, form) {
  const field = $("[data-figure].active", form) || $("[data-figure]", form);
  if (!field) { return; }
  // The first digit takes the place of what was proposed.
  const fresh = field.hasAttribute("data-fresh") && !field.dataset.typed;
  field.dataset.typed = "yes";
  let text = field.value;
  if (key === "clear") { text = ""; }
  else if (key === "back") { text = text.slice(0, -1); }
  else if (key[0] === "+") { text = String(Number(text || 0) + Number(key)); }
  else if (key === ".") { text = text.includes(".") ? text : (text || "0") + "."; }
  else if (key !== "." && text.length < 12) { text = (fresh || text === "0" ? "" : text) + key; }
  field.value = text;
  soonAsked(form);
  if (field.dataset.autosend && field.value.length >= Number(field.dataset.autosend)) { form.requestSubmit(); }
}
function soonAsked(root) {
  $$("[data-echo]", root).forEach((echo) => {
    const field = $("[data-figure]", root);
    echo.textContent = field && field.value ? field.value : "";
  });
  $$("button[type=submit].asking", root).forEach(unask);
}
function unask(button) {
  if (button.classList.contains("asking")) {
    button.classList.remove("asking");
    $("[data-label]", button).textContent = button.dataset.usual;
  }
}
/* A figure that is unusual is asked for once more, with the figure itself as the button. */
function unusual(form, button) {
  const field = $("[data-ask-over]", form);
  const label = button && $("[data-label]", button);
  if (!field || !label || button.classList.contains("asking") || !(Number(field.value) > Number(field.dataset.askOver))) { return false; }
  button.dataset.usual = label.textContent;
  button.classList.add("asking");
  label.textContent = say(words.really, { n: field.value });
  return true;
}

/* What cannot be is said at the field; nothing of it is stored or sent. */
function whatIsWrong(field) {
  const text = field.value.trim();
  if (!text) { return field.dataset.needed; }
  if (!field.hasAttribute("data-figure")) { return ""; }
  if (!/^[0-9]{1,12}(\.[0-9]{1,6})?$/.test(text)) { return words.digits_only; }
  const places = (text.split(".")[1] || "").length;
  if (places > Number(field.dataset.decimals || 6)) { return Number(field.dataset.decimals) ? say(words.too_exact, { n: field.dataset.decimals }) : words.whole_only; }
  return Number(text) > 0 ? "" : field.dataset.needed;
}

function submit(form, button) {
  if (form.id === "sign-on-form") {
    signOn({ number: form.elements.number.value.trim(), pin: form.elements.pin.value });
    form.elements.pin.value = "";
    return;
  }
  if (form.id === "step-up-form") {
    supervisor.answer();
    return;
  }
  const problem = $(".sheet-problem", form);
  if (!people[0]) {
    openSheet("sign-on", true);
    return;
  }
  const sheet = form.closest("dialog");
  if (sheet && sheet.dataset.owner && sheet.dataset.owner !== people[0].number) {
    if (problem) { problem.textContent = say(words.begun_by, { name: sheet.dataset.ownerName }); }
    return;
  }
  const wrong = $$("[data-needed]", form).find(whatIsWrong);
  if (wrong) {
    if (problem) { problem.textContent = whatIsWrong(wrong); }
    wrong.focus();
    return;
  }
  if (unusual(form, button)) { return; }
  const payload = JSON.parse(form.dataset.payload || "{}");
  Array.from(new FormData(form).entries()).forEach(([name, value]) => { if (value !== "") { payload[name] = value; } });
  if (button && button.name) { payload[button.name] = button.value; }
  const figure = payload.quantity;
  const facts = Object.assign({}, payload, { n: figure, choice: button ? button.dataset.usual || button.textContent.trim() : "" });
  const counts = {};
  const counter = (button && button.dataset.count) || form.dataset.count;
  if (counter && figure) { counts[counter] = Number(figure); }
  const entered = enqueue(form.dataset.do, payload, say((button && button.dataset.said) || form.dataset.said || "", facts), { counts, undo: form.dataset.undo || "", turn: form.dataset.turn || form.dataset.do });
  follow(form, entered, enqueue);
  closeSheets();
}

/* --- Taps, keys, scans -------------------------------------------------------------------------------------------------------- */
document.addEventListener("click", (event) => {
  const target = event.target.closest("button, a, [data-close]");
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
  else if (target.dataset.sheet) {
    if (target.dataset.why && !document.getElementById("sheet-" + target.dataset.sheet)) { toast(target.dataset.why, "info"); return; }
    openSheet(target.dataset.sheet);
  }
  else if (target.dataset.language) {
    // Whoever chooses it means it, also against what is written down about them.
    if (people[0]) { people[0].language = ""; }
    storePeople();
    tongue.choose(target.dataset.language);
  }
  else if ("job" in target.dataset) { event.preventDefault(); look(target.dataset.job); }
  else if (target.dataset.do && target.type !== "submit") {
    const counts = {};
    if (target.dataset.count) { counts[target.dataset.count] = Number(target.dataset.amount || 1); }
    const more = Object.assign({ counts, undo: target.dataset.undo || "", turn: target.dataset.turn || target.dataset.do }, as(target.dataset.as));
    const send = (leave) => enqueue(target.dataset.do, JSON.parse(target.dataset.payload || "{}"), target.dataset.said || "", Object.assign(more, leave));
    if (!people[0]) { openSheet("sign-on", true); return; }
    if (target.dataset.stepUp && !(target.dataset.as && more.person)) {
      const id = newId();
      supervisor.ask({ right: target.dataset.stepUp, subject: id, what: target.dataset.what || target.dataset.said, then: (leave) => send({ id, leave }) });
      return;
    }
    send();
    // Who goes home is not here any more; what they entered before still goes out under their name.
    if ("leaves" in target.dataset) { people.shift(); storePeople(); }
    closeSheets();
  }
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "dialog" || form.hasAttribute("data-plain")) { return; }
  event.preventDefault();
  submit(form, event.submitter || $("button[type=submit]", form));
});
document.addEventListener("focusin", (event) => {
  const field = event.target;
  if (field.matches && field.matches("[data-figure]")) {
    $$("[data-figure].active", field.form).forEach((one) => one.classList.remove("active"));
    field.classList.add("active");
  }
});
const comma = (1.5).toLocaleString(language).includes(",");
document.addEventListener("input", (event) => {
  // Where people write a comma they may; what is booked, and shown on the button, has a point.
  if (comma && event.target.matches("[data-figure]:not([type=password])")) { event.target.value = event.target.value.replace(",", "."); }
  event.target.dataset.typed = "yes";
  if (event.target.form) { soonAsked(event.target.form); }
});
document.addEventListener("keydown", (event) => {
  if (!/^F([2-9]|10)$/.test(event.key) || event.ctrlKey || event.altKey) { return; }
  event.preventDefault();
  const button = $("main [data-hotkey='" + event.key + "']");
  if (button && !$("dialog[open]")) { button.click(); }
});

/* A form that somebody has begun; signing on is none: whoever scans a badge there means to be signed on. */
function openForm() {
  const sheet = $("dialog[open]");
  return sheet && sheet.id !== "sheet-sign-on" && $("form[data-do]", sheet) ? sheet : null;
}
function unknown(text, expected) {
  toast(say(words.unknown_scan, { text: text.slice(0, 60), expected }), "bad");
}
/* A code of the command sheet. With a sheet open only what answers it is meant; nothing behind it is touched. */
function command(code) {
  const sheet = $$("dialog[open]").pop();
  if (code === "CBACK") {
    if (sheet) { sheet.close(); }
    return;
  }
  const button = code === "COKAY" ? $(sheet ? "#" + sheet.id + " button[type=submit].primary" : ".pad .primary")
    : !sheet && $$("[data-scan]").find((one) => one.dataset.scan === code);
  if (button) { button.click(); } else { toast(say(words.not_now, { text: code }), "info"); }
}
/* A traveler's code or an order's number that no button stands for: the server knows which job is meant, or where it is. */
async function lookUp(text) {
  try {
    const { status, answer } = await post(config.scan_url, { text });
    if (status === 200) { look(answer.job); }
    else if (answer.code === "scanned_elsewhere") { toast(answer.detail, "bad"); }
    else { unknown(text, words.expected_here); }
  } catch (unreachable) {
    unknown(text, words.expected_here);
  }
}
/* A supplier's label in GS1's language: the server reads the lot out of it; without the server the lot's field takes the
 * label as it is, and it is read when the entry arrives. */
const GS1 = /^\](C1|d2|Q3|e0|J1)|\x1d|^\(\d{2,4}\)|^https?:\/\/.+\/(00|01|8006)\/\d+/i;
async function readLabel(text) {
  const sheet = openForm();
  const sink = $((sheet ? "#" + sheet.id + " " : "") + "input[name=lot][data-scan-sink]");
  if (!sink) {
    unknown(text.replace(/\x1d/g, " "), sheet ? words.expected_choice : words.expected_here);
    return;
  }
  if (!sheet) { openSheet(sink.closest("dialog").id.replace("sheet-", "")); }
  let read = { lot: text };
  try {
    const { status, answer } = await post(config.scan_url, { text });
    read = status === 200 ? answer : { lot: "" };
    toast(answer.said || answer.detail || words.refused, status === 200 ? "good" : "bad");
  } catch (unreachable) { /* it is read when it arrives */ }
  sink.value = read.lot;
  soonAsked(sink.form);
  sink.dispatchEvent(new CustomEvent("scanned", { bubbles: true }));
}
function scanned(text) {
  const upper = text.toUpperCase();
  if (config.commands.includes(upper)) {
    command(upper);
    return;
  }
  if (/^P[0-9A-Z]{12}$/.test(upper) && !supervisor.isAsked()) {
    // A badge of ours is a badge whatever is open.
    signOn({ badge: text });
    return;
  }
  const sheet = $("dialog[open]");
  if (GS1.test(text) && !supervisor.isAsked()) {
    readLabel(text);
    return;
  }
  const known = $$("[data-scan], [data-scan-also]", openForm() || document).find((one) => (
    (one.dataset.scan || "").toUpperCase() === upper || (one.dataset.scanAlso || "").toUpperCase().split(" ").includes(upper)
  ));
  if (known) {
    known.click();
    return;
  }
  if (supervisor.isAsked()) {
    supervisor.scanned(text);
    return;
  }
  const form = openForm();
  const here = document.activeElement;
  const sink = form && form.contains(here) && here.hasAttribute("data-scan-sink") ? here : $((sheet ? "#" + sheet.id + " " : "") + "[data-scan-sink]");
  if (form && sink) {
    sink.value = upper[0] === "L" && sink.dataset.scanSink === "L" ? text.slice(1) : text;
    soonAsked(sheet);
    sink.dispatchEvent(new CustomEvent("scanned", { bubbles: true }));
  } else if (upper[0] === "L" && sink && sink.dataset.scanSink === "L") {
    openSheet(sink.closest("dialog").id.replace("sheet-", ""));
    sink.value = text.slice(1);
  } else if (/^J\d{8}$/.test(upper)) {
    lookUp(upper);
  } else {
    signOn({ badge: text });
  }
}
listen(scanned, () => toast(words.scan_too_long, "bad"));

/* --- Begin ------------------------------------------------------------------------------------------------------------------------ */
/* Where the page cannot be loaded again without the server, leaving it would hide what waits. */
function survivesReload() { return Boolean(navigator.serviceWorker && navigator.serviceWorker.controller); }
const tongue = new Language({
  available: config.languages,
  mayLeave: () => missed === 0 && (survivesReload() || !entries.some((entry) => entry.state === "waiting")),
});
window.addEventListener("beforeunload", (event) => {
  if (!survivesReload() && entries.some((entry) => entry.state === "waiting")) {
    event.preventDefault();
    event.returnValue = "";
  }
});
window.addEventListener("online", () => outbox.flush());
$$(".panel").forEach((panel) => { drawn[panel.id.replace("panel-", "")] = null; });
// Not by the time in the page: it may have come out of this device's own store.
try { seedClock(localStorage.getItem("lineside-clock")); } catch (refused) { /* known with the first answer */ }
start("");
drawClock();
drawPeople();
outbox.open().then(() => outbox.tell(true)).then(() => outbox.flush()).catch(() => {
  storable = false;
  drawPill("ok");
}).then(() => refresh());
window.lineside = { outbox, since, installed: install(config.worker_url) };
