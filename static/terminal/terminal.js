/* The operator's terminal: panels that the server draws, taps that become entries of the outbox, scans, timers. */

import { Outbox, newId, post } from "./outbox.js";
import { listen } from "./scanner.js";
import { redraw, whenLifted } from "../redraw.js";
import { clockOffset, serverNow, serverTime, since, start, tick } from "../timers.js";

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
}
function drawPeople() {
  const current = people[0];
  const chip = $("#operator");
  chip.classList.toggle("nobody", !current);
  $("[data-operator-name]").textContent = current ? current.name : words.nobody;
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
      closeSheets();
    });
    $("[data-leave]", item).addEventListener("click", () => {
      people.splice(index, 1);
      storePeople();
    });
    list.append(item);
  });
  document.body.classList.toggle("locked", !current);
  $$("[data-person-here]").forEach((one) => { one.hidden = !people.some((person) => person.number === one.dataset.personHere); });
}
async function signOn(proof) {
  const problem = $("#sign-on-problem");
  problem.textContent = "";
  try {
    const { status, answer } = await post(config.sign_on_url, proof);
    if (status === 200) {
      people = [answer].concat(people.filter((person) => person.number !== answer.number));
      storePeople();
      closeSheets();
      toast(say(words.hello, { name: answer.name }), "good");
      return true;
    }
    if (status === 401 || status === 0) {
      location.reload();
      return false;
    }
    problem.textContent = answer.detail || words.refused;
    if (proof.badge) { toast(say(words.unknown_scan, { text: proof.badge }), "bad"); }
  } catch (unreachable) {
    problem.textContent = words.sign_on_offline;
    if (proof.badge) { toast(words.sign_on_offline, "bad"); }
  }
  return false;
}

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
    enqueue(entry.undo, { report: entry.id, operation: entry.payload.operation }, say(words.undone, { text: entry.said }), { counts: negative(entry.counts) });
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
  changed(all, health) {
    entries = all;
    drawPill(health);
    drawCounters();
  },
  settled(entry, outcome, answer) {
    const box = $("#toast");
    if (outcome === "refused") {
      toast(entry.said + ": " + (answer.detail || words.refused), "bad");
    } else if (!box.hidden && box.dataset.entry === entry.id) {
      $("[data-fate]", box).textContent = answer.said || words.saved;
    }
    soon();
  },
});

function drawPill(health) {
  const waiting = entries.filter((entry) => entry.state === "waiting");
  const refused = entries.filter((entry) => entry.state === "refused");
  let kind = "saved";
  let text = words.all_saved;
  if (!storable) {
    [kind, text] = ["bad", words.cannot_store];
  } else if (refused.length) {
    [kind, text] = ["bad", say(words.attention, { n: refused.length })];
  } else if (health === "signed-out") {
    [kind, text] = ["bad", words.signed_out];
  } else if (waiting.length && health === "offline") {
    const at = new Date(waiting[0].tapped_at);
    [kind, text] = ["waiting", say(words.waiting_since, { n: waiting.length, time: at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) })];
  } else if (waiting.length) {
    [kind, text] = ["sending", say(words.sending, { n: waiting.length })];
  } else if (missed > 2) {
    [kind, text] = ["waiting", words.offline];
  }
  const pill = $("#pill");
  pill.className = "pill " + kind;
  const said = $("[data-pill]", pill);
  if (said.textContent !== text) { said.textContent = text; }
  whenLifted("entries", drawEntries);
}
function drawEntries() {
  const list = $("#entries");
  list.textContent = "";
  entries.forEach((entry) => {
    const item = $("#entry-template").content.firstElementChild.cloneNode(true);
    $("[data-said]", item).textContent = entry.said;
    $("[data-when]", item).textContent = new Date(entry.tapped_at).toLocaleTimeString() + (entry.person_name ? " · " + entry.person_name : "");
    $("[data-problem]", item).textContent = entry.problem && entry.state === "refused" ? entry.problem.detail : "";
    const again = $("[data-again]", item);
    const understood = $("[data-understood]", item);
    again.hidden = understood.hidden = entry.state !== "refused";
    again.onclick = () => outbox.retry(entry.seq);
    understood.onclick = () => outbox.forget(entry.seq);
    list.append(item);
  });
  $("#entries-empty").hidden = entries.length > 0;
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

async function enqueue(action, payload, said, more) {
  const person = people[0];
  if (!person && !(more && more.anonymous)) {
    openSheet("sign-on");
    return null;
  }
  const entry = Object.assign({
    id: newId(), url: config.entries_url, action, payload, said, lane: String(payload.operation || ""), counts: {},
    occurred_at: serverNow().toISOString(), tapped_at: Date.now(), clock_offset: clockOffset(),
    person: person ? person.token : "", person_name: person ? person.name : "",
  }, more || {});
  toast(said, "good", entry);
  try {
    await outbox.add(entry);
  } catch (full) {
    storable = false;
    drawPill("ok");
    toast(words.cannot_store, "bad");
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

function stateUrl() { return config.state_url + (focus ? "?job=" + encodeURIComponent(focus) : ""); }

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
  drawPeople();
  tick();
}
document.addEventListener("close", () => whenLifted("panels", draw), true);

async function refresh() {
  clearTimeout(pollTimer);
  const asked = focus;
  try {
    const response = await fetch(stateUrl(), {
      credentials: "same-origin", cache: "no-store", redirect: "manual",
      headers: Object.assign({ "X-Page-Token": config.token }, etag ? { "If-None-Match": etag } : {}),
    });
    if (response.status === 200) {
      const state = await response.json();
      if (asked === focus) {
        etag = response.headers.get("ETag") || "";
        show(state);
      }
    } else if (response.status === 401) {
      location.reload();
      return;
    } else if (response.status !== 304) {
      throw new Error(String(response.status));
    }
    const time = response.headers.get("X-Server-Time");
    if (time) { serverTime(time); }
    if (missed > 2) { outbox.flush(); }
    missed = 0;
  } catch (unreachable) {
    missed += 1;
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
function openSheet(name) {
  const sheet = document.getElementById("sheet-" + name);
  if (!sheet) { return; }
  closeSheets();
  const form = $("form", sheet);
  if (form) {
    form.reset();
    $$("button[type=submit]", form).forEach(unask);
  }
  const problem = $(".sheet-problem", sheet);
  if (problem) { problem.textContent = ""; }
  sheet.showModal();
  const first = $("[data-first]", sheet) || $("[data-figure]", sheet);
  if (first) { first.focus(); }
  soonAsked(sheet);
}
function closeSheets() { $$("dialog[open]").forEach((sheet) => sheet.close()); }

function press(key, form) {
  const field = $("[data-figure].active", form) || $("[data-figure]", form);
  if (!field) { return; }
  const fresh = field.hasAttribute("data-fresh");
  field.removeAttribute("data-fresh");
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

function submit(form, button) {
  if (form.id === "sign-on-form") {
    signOn({ number: form.elements.number.value.trim(), pin: form.elements.pin.value });
    form.elements.pin.value = "";
    return;
  }
  const problem = $(".sheet-problem", form);
  const missing = $$("[data-needed]", form).find((field) => !field.value.trim() || (field.hasAttribute("data-figure") && !(Number(field.value) > 0)));
  if (missing) {
    if (problem) { problem.textContent = missing.dataset.needed; }
    missing.focus();
    return;
  }
  if (unusual(form, button)) { return; }
  const payload = JSON.parse(form.dataset.payload || "{}");
  Array.from(new FormData(form).entries()).forEach(([name, value]) => { if (value !== "") { payload[name] = value; } });
  if (button && button.name) { payload[button.name] = button.value; }
  const figure = payload.quantity;
  const facts = Object.assign({}, payload, { n: figure, choice: button ? button.textContent.trim() : "" });
  const counts = {};
  const counter = (button && button.dataset.count) || form.dataset.count;
  if (counter && figure) { counts[counter] = Number(figure); }
  enqueue(form.dataset.do, payload, say((button && button.dataset.said) || form.dataset.said || "", facts), { counts, undo: form.dataset.undo || "" });
  closeSheets();
}

/* --- Taps, keys, scans -------------------------------------------------------------------------------------------------------- */
document.addEventListener("click", (event) => {
  const target = event.target.closest("button, a, [data-close]");
  if (!target || target.disabled) { return; }
  if (target.getAttribute("aria-disabled") === "true") {
    event.preventDefault();
    toast(target.dataset.why || target.title || words.refused, "info");
    return;
  }
  if (target.dataset.key) { press(target.dataset.key, target.closest("form")); }
  else if (target.dataset.fill) { document.getElementById(target.dataset.fill).value = target.dataset.value; }
  else if (target.hasAttribute("data-close")) { closeSheets(); }
  else if (target.dataset.sheet) { openSheet(target.dataset.sheet); }
  else if ("job" in target.dataset) { event.preventDefault(); look(target.dataset.job); }
  else if (target.dataset.do && target.type !== "submit") {
    const counts = {};
    if (target.dataset.count) { counts[target.dataset.count] = Number(target.dataset.amount || 1); }
    enqueue(target.dataset.do, JSON.parse(target.dataset.payload || "{}"), target.dataset.said || "", { counts, undo: target.dataset.undo || "" });
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
document.addEventListener("input", (event) => {
  event.target.removeAttribute("data-fresh");
  if (event.target.form) { soonAsked(event.target.form); }
});
document.addEventListener("keydown", (event) => {
  if (!/^F([2-9]|10)$/.test(event.key) || event.ctrlKey || event.altKey) { return; }
  event.preventDefault();
  const button = $("main [data-hotkey='" + event.key + "']");
  if (button && !$("dialog[open]")) { button.click(); }
});

listen((text) => {
  const upper = text.toUpperCase();
  const known = $$("[data-scan]").find((one) => one.dataset.scan.toUpperCase() === upper);
  if (known) {
    known.click();
    return;
  }
  const sheet = $("dialog[open]");
  const sink = $((sheet ? "#" + sheet.id + " " : "") + "[data-scan-sink]");
  if (sheet && sink) {
    sink.value = upper[0] === "L" && sink.dataset.scanSink === "L" ? text.slice(1) : text;
    soonAsked(sheet);
    return;
  }
  if (upper[0] === "L" && sink && sink.dataset.scanSink === "L") {
    openSheet(sink.closest("dialog").id.replace("sheet-", ""));
    sink.value = text.slice(1);
    return;
  }
  signOn({ badge: text });
});

/* --- Begin ------------------------------------------------------------------------------------------------------------------------ */
window.addEventListener("beforeunload", (event) => {
  if (entries.some((entry) => entry.state === "waiting")) {
    event.preventDefault();
    event.returnValue = "";
  }
});
window.addEventListener("online", () => outbox.flush());
$$(".panel").forEach((panel) => { drawn[panel.id.replace("panel-", "")] = null; });
start(config.now);
drawPeople();
outbox.open().then(() => outbox.flush()).catch(() => {
  storable = false;
  drawPill("ok");
});
refresh();
window.lineside = { outbox, since };
