/* Sheets that open by themselves: a machine stands still and nobody has said why; the shift is over and somebody's time runs
 * on. Once for each reason to ask, never over another sheet nor into what somebody is doing; whatever else is done instead
 * puts it aside. */

import { $, $$, config } from "./page.js";
import { waiting } from "./queue.js";
import { openSheet } from "./sheets.js";

const QUIET = 3000; // milliseconds without a touch, a key or a scan
const UNDER_THE_FINGER = 700; // a tap that was on its way when the sheet came is none on it
const KEY = "lineside-asked-" + config.code;
const MOST = 60;

let asked = [];
let touchedAt = performance.now();
try { asked = JSON.parse(localStorage.getItem(KEY) || "[]"); } catch (broken) { asked = []; }

export function askedByItself() { return $("dialog[open][data-by-itself]"); }
export function putAside() {
  const sheet = askedByItself();
  if (sheet) { sheet.close(); }
}

function look() {
  if (document.hidden || $("dialog[open]") || waiting().length || performance.now() - touchedAt < QUIET) { return; }
  const sheet = $$("dialog[data-asks-once]").find((one) => !asked.includes(one.dataset.asksOnce));
  if (!sheet) { return; }
  asked = asked.concat(sheet.dataset.asksOnce).slice(-MOST);
  try { localStorage.setItem(KEY, JSON.stringify(asked)); } catch (full) { /* until the page is left */ }
  openSheet(sheet.id.replace("sheet-", ""));
  sheet.dataset.byItself = "";
  sheet.dataset.openedAt = performance.now();
  // Nobody has begun it, so whoever comes may answer.
  sheet.dataset.owner = sheet.dataset.ownerName = "";
}

["pointerdown", "keydown", "input"].forEach((kind) => document.addEventListener(kind, () => { touchedAt = performance.now(); }, true));
document.addEventListener("click", (event) => {
  const sheet = event.target.closest("[data-by-itself]");
  if (sheet && event.isTrusted && performance.now() - sheet.dataset.openedAt < UNDER_THE_FINGER) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}, true);
document.addEventListener("close", (event) => { delete event.target.dataset.byItself; }, true);
setInterval(look, 1000);
