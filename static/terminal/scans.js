/* What a scanned code does: one place for badges, jobs, lots, reasons, commands and labels, whatever is open. */

import { askedByItself, putAside } from "./asking.js";
import { watch } from "./camera.js";
import { isWhole } from "./check_character.js";
import { opened, propose } from "./containers.js";
import { post } from "./outbox.js";
import { $, $$, config, say, words } from "./page.js";
import { look } from "./panels.js";
import { reporter, signOn } from "./people.js";
import { listen, LONGEST } from "./scanner.js";
import { isShut } from "./queue.js";
import { openSheet, soonAsked } from "./sheets.js";
import { toast } from "./toast.js";

/* A form that somebody has begun; signing on is none: whoever scans a badge there means to be signed on. */
function openForm() {
  const sheet = $("dialog[open]");
  return sheet && sheet.id !== "sheet-sign-on" && $("form[data-do]", sheet) ? sheet : null;
}
function unknown(text, expected) {
  toast(say(words.unknown_scan, { text: text.slice(0, 60), expected }), "bad", null, "unknown");
}
/* What confirms: of the sheet that is open on top, else of the pad. */
export function primary() {
  const sheet = $$("dialog[open]").pop();
  return $(sheet ? "#" + sheet.id + " button[type=submit].primary" : ".pad .primary");
}
/* What a code of ours says: [its letter, what it names], or its letter alone where its check character is wrong; null for
 * a code that is none of ours. */
function ours(upper) {
  const isCode = /^([JR]\d{8}|P[0-9A-Z]{12})[0-9A-Z]$/.test(upper) || config.commands.includes(upper.slice(0, -1));
  return isCode ? [upper[0]].concat(isWhole(upper) ? upper.slice(0, -1) : []) : null;
}
/* A code of the command sheet. With a sheet open only what answers it is meant; nothing behind it is touched. */
function command(code) {
  const sheet = $$("dialog[open]").pop();
  if (code === "CBACK") {
    if (sheet) { sheet.close(); }
    return;
  }
  const button = code === "COKAY" ? primary() : !sheet && $$("[data-scan]").find((one) => one.dataset.scan === code);
  if (button) { button.click(); } else { toast(say(words.not_now, { text: code }), "info"); }
}
/* A traveler's code or an order's number that no button stands for: the server knows which job is meant, or where it is. */
export async function lookUp(text) {
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
/* A reason: in the open sheet its own button or tick; with none open, of what it can be the reason of, if that is clear: what
 * stands still without one first. */
function reason(code) {
  const sheet = $$("dialog[open]").pop();
  const found = $$("[data-scan='" + code + "']", sheet || document);
  if (sheet) {
    if (found.length) { found[0].click(); } else { unknown(code, words.expected_choice); }
    return;
  }
  const buttons = found.filter((one) => one.matches("button"));
  const asking = buttons.filter((one) => one.closest("[data-asks]"));
  const meant = asking.length ? asking : buttons;
  // A reason may be both among the usual ones and in its group.
  const places = Array.from(new Set(meant.map((one) => one.closest("dialog"))));
  if (!places.length) { unknown(code, words.expected_here); }
  else if (places.length > 1) { toast(words.which_stop, "info"); }
  else {
    const name = places[0].id.replace("sheet-", "");
    const opener = $("[data-sheet='" + name + "']");
    const why = opener && isShut(opener);
    if (why) { toast(why, "info"); }
    else if (reporter()) {
      openSheet(name);
      meant[0].click();
    }
  }
}
function buttonFor(upper, place) {
  return $$("[data-scan], [data-scan-also]", place).find((one) => (
    (one.dataset.scan || "").toUpperCase() === upper || (one.dataset.scanAlso || "").toUpperCase().split(" ").includes(upper)
  ));
}
/* What is no answer to a sheet that opened by itself is meant for what lies behind it. */
function isMeantBehind(text, upper) {
  const sheet = askedByItself();
  const [kind, name] = ours(upper) || [];
  if (!sheet || name === "CBACK" || buttonFor(upper, sheet)) { return false; }
  return kind === "C" || kind === "J" || upper[0] === "L" || Boolean(opened(text)) || GS1.test(text) || Boolean(buttonFor(upper, document));
}
function scanned(text, supervisor) {
  const upper = text.toUpperCase();
  if (isMeantBehind(text, upper)) { putAside(); }
  const sheet = $("dialog[open]");
  const [kind, name] = ours(upper) || [];
  if (config.commands.includes(upper) || (kind && !name && !$((sheet ? "#" + sheet.id : "none") + " [data-scan-sink]"))) {
    // Where a lot is asked for, somebody else's code may look like one of ours.
    toast(say(words.misread, { text: upper }), "bad", null, "unknown");
    return;
  }
  if (name && kind === "C") {
    command(name);
    return;
  }
  if (name && kind === "P" && !supervisor.isAsked()) {
    // A badge of ours is a badge whatever is open.
    signOn({ badge: text });
    return;
  }
  if (name && kind === "R" && !supervisor.isAsked()) {
    reason(upper);
    return;
  }
  if (GS1.test(text) && !supervisor.isAsked()) {
    readLabel(text);
    return;
  }
  const known = buttonFor(upper, openForm() || document);
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
  } else if (kind === "J") {
    lookUp(upper);
  } else {
    signOn({ badge: text });
  }
}

/* A container is its lot, with how much. Where a supervisor is asked for, a badge is theirs. */
export function listenFor(supervisor) {
  const arrived = (text) => {
    const container = opened(text);
    scanned(container ? "L" + container.lot : text, supervisor);
    if (container) { propose(container); }
  };
  listen(arrived, () => toast(words.scan_too_long, "bad"));
  watch((text) => (text.length > LONGEST ? toast(words.scan_too_long, "bad") : arrived(text)));
}
