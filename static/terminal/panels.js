/* Panels: drawn by the server, asked for so often that what happens elsewhere is here within three seconds, swapped only where they changed. */

import { Kept } from "./kept.js";
import { $, $$, clock, config, link, say, words } from "./page.js";
import { draw as drawPeople, verify } from "./people.js";
import { drawPill, drawQueue, outbox, parked, waiting } from "./queue.js";
import { closeSheets } from "./sheets.js";
import { redraw, whenLifted } from "../redraw.js";
import { clockOffset, seedClock, serverTime, tick } from "../timers.js";

const SLOW_ANSWER = 5000; // milliseconds
const kept = new Kept(outbox, config.code);
const drawn = {};
let latest = null;
let etag = "";
let focus = config.focus || "";
let timer = 0;
let shownFor = null;

function stateUrl(job) {
  const wanted = job === undefined ? focus : job;
  return config.state_url + (wanted ? "?job=" + encodeURIComponent(wanted) : "");
}

/* How wrong this device's clock is, where that is worth a word: times are corrected, people should know why. */
export function drawClock() {
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
/* What was known of the server's clock when this device last heard of it. */
export function recallClock() {
  try { seedClock(localStorage.getItem("lineside-clock")); } catch (refused) { /* known with the first answer */ }
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
  drawQueue();
  drawPeople();
  tick();
  document.dispatchEvent(new Event("drawn"));
}
/* Without the server: what it last said about this job, with the time of it. */
async function showKept() {
  const asked = focus;
  const found = await kept.find(asked);
  if (found && asked === focus && link.missed > 0) {
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

export async function refresh() {
  clearTimeout(timer);
  const asked = focus;
  const askedAt = Date.now();
  const begunAt = performance.now();
  try {
    const response = await fetch(stateUrl(), {
      credentials: "same-origin", cache: "no-store", redirect: "manual",
      headers: Object.assign({ "X-Page-Token": config.token, "X-Page-Version": config.version,
        "X-Queue-Length": String(waiting().length) }, etag ? { "If-None-Match": etag } : {}),
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
      if (!waiting().length) {
        location.reload();
        return;
      }
      throw new Error("revoked");
    } else if (response.status !== 304) {
      throw new Error(String(response.status));
    }
    const time = response.headers.get("X-Server-Time");
    if (time) { heardTime(time, askedAt); }
    if (link.missed > 2 || parked().length) { outbox.flush(); }
    // An answer to what was asked before the connection was lost does not say that it is back.
    if (begunAt > link.lostAt) { link.missed = 0; }
    shownFor = asked;
    drawAge(0);
    verify();
    kept.others(stateUrl, config.token);
  } catch (unreachable) {
    link.missed += 1;
    if (link.missed === 3 || asked !== shownFor) { showKept(); }
  }
  document.body.classList.toggle("stale-panels", link.missed > 2);
  if (link.missed === 3 || link.missed === 0) { drawPill(); }
  timer = setTimeout(refresh, (document.hidden ? 15000 : 1700) + Math.random() * 300);
}
export function soon() {
  clearTimeout(timer);
  timer = setTimeout(refresh, 60);
}
export function look(job) {
  focus = job;
  etag = "";
  latest = null;
  history.replaceState(null, "", job ? "?job=" + encodeURIComponent(job) : location.pathname);
  closeSheets();
  refresh();
}
$$(".panel").forEach((panel) => { drawn[panel.id.replace("panel-", "")] = null; });
