/* Who is at this terminal. Without the server a badge, a number or a name is taken as it is said and goes out so: nobody
 * has checked it. A badge is checked as soon as the server answers again, a number with its PIN before the next entry. */

import { isWhole } from "./check_character.js";
import { post } from "./outbox.js";
import { $, $$, config, link, say, words } from "./page.js";
import { closeSheet, openSheet } from "./sheets.js";
import { toast } from "./toast.js";

const KEY = "lineside-people-" + config.code;
const HERE = 12 * 3600000; // as long as the server lets a person be signed on

let people = [];
let verifying = false;
/* follow(person): who is first has changed; unknown(badge): no badge of anybody; locked(number, refusal): too many PINs. */
let others = { follow() {}, unknown() {}, locked() {} };
try { people = JSON.parse(localStorage.getItem(KEY) || "[]"); } catch (broken) { people = []; }
people = people.filter((person) => Date.parse(person.until) > Date.now());

export function arrange(wanted) { others = wanted; }
export function current() { return people[0]; }

/* Who reports now; where nobody does, or the server could check who it is and has not, that is asked for first. */
export function reporter() {
  const person = people[0];
  const unchecked = person && person.claimed && person.claimed.number && link.missed === 0;
  if (person && !unchecked) { return person; }
  openSheet("sign-on", true);
  if (unchecked) {
    $("#sign-number").value = person.claimed.number;
    $("#sign-on-problem").textContent = words.verify_first;
    $("#sign-pin").focus();
  }
  return null;
}
/* What an entry carries of who made it. */
export function signature(person) {
  return { person: person ? person.token : "", claimed: (person && person.claimed) || null,
    person_name: person ? person.name : "", person_number: person ? person.number : "" };
}
/* The number under which pages tell of a person: where a site agreed so a pseudonym; who was not checked has only their own. */
function told(person) { return person.told || person.number; }
/* As a certain person (by that number), if they are here: one's own entry is taken back by oneself, whoever reports just now. */
export function as(number) {
  const person = people.find((one) => told(one) === number);
  return person ? signature(person) : {};
}

export function store() {
  try { localStorage.setItem(KEY, JSON.stringify(people)); } catch (full) { /* for this page only */ }
  draw();
  others.follow(people[0]);
}
export function allLeave() {
  people = [];
  store();
}
export function firstLeaves() {
  people.shift();
  store();
}
function row(person, index) {
  const item = $("#person-template").content.firstElementChild.cloneNode(true);
  $("[data-name]", item).textContent = person.name;
  $("[data-number]", item).textContent = person.claimed ? words.unverified : person.number;
  item.classList.toggle("current", index === 0);
  $("[data-use]", item).addEventListener("click", () => {
    people.splice(index, 1);
    people.unshift(person);
    store();
    closeSheet("sign-on");
  });
  $("[data-leave]", item).addEventListener("click", () => {
    people.splice(index, 1);
    store();
  });
  return item;
}
export function draw() {
  const first = people[0];
  $("#operator").classList.toggle("nobody", !first);
  $("[data-operator-name]").textContent = first ? first.name : words.nobody;
  $("[data-operator-role]").hidden = !first || Boolean(first.claimed);
  $("[data-operator-unverified]").hidden = !first || !first.claimed;
  $("[data-operator-more]").textContent = people.length > 1 ? "+" + (people.length - 1) : "";
  $("#people-here").replaceChildren(...people.map(row));
  document.body.classList.toggle("locked", !first);
  $$("[data-read-by]").forEach((one) => one.classList.toggle("is-read", Boolean(first) && one.dataset.readBy.split("|").includes(told(first))));
  $$("[data-told]").forEach((one) => { const own = people.find((person) => told(person) === one.dataset.told); if (own) { one.textContent = own.name; } });
  $$(".recent [data-value]").forEach((one) => { one.hidden = people.some((person) => person.number === one.dataset.value); });
}

/* The same person as before, however they said so then. */
function isSame(one, person, proof) {
  const said = one.claimed || {};
  return one.number === person.number || (proof.badge ? said.badge === proof.badge : said.number !== undefined && said.number === proof.number);
}
/* What somebody began before they were checked is theirs afterwards too. */
function inherit(before, person) {
  $$("dialog[open]").filter((sheet) => sheet.dataset.owner && sheet.dataset.owner === before.number).forEach((sheet) => {
    sheet.dataset.owner = person.number;
    sheet.dataset.ownerName = person.name;
  });
}
function come(person, proof) {
  people.filter((one) => isSame(one, person, proof)).forEach((one) => inherit(one, person));
  const draft = $$("dialog[open]").find((sheet) => sheet.dataset.owner && sheet.dataset.owner !== person.number);
  const rest = people.filter((one) => !isSame(one, person, proof));
  // Whoever comes sees what was left for them first.
  if (rest.length === people.length) { $(".zone-side").scrollTop = 0; }
  // What somebody else has begun stays theirs: who comes now is here, but does not report yet.
  const waits = draft && rest.length;
  people = waits ? [rest[0], person].concat(rest.slice(1)) : [person].concat(rest);
  store();
  closeSheet("sign-on");
  if (waits) {
    toast(say(words.finish_first, { name: person.name, other: draft.dataset.ownerName }), "info");
  } else {
    toast(say(person.claimed ? words.hello_unverified : words.hello, { name: person.name }), person.claimed ? "info" : "good");
  }
}
/* The server cannot say who this is. A code that may be anything is no badge, unless badges are asked for. */
function comeUnverified(proof) {
  const isBadge = proof.badge && ((/^P[0-9A-Z]{13}$/i.test(proof.badge) && isWhole(proof.badge.toUpperCase())) || $("#sheet-sign-on").open);
  if (!config.unverified || !(isBadge || proof.number)) { return false; }
  const known = proof.number && $$(".recent [data-value]").find((one) => one.dataset.value === proof.number);
  const name = known ? known.textContent : proof.number || say(words.badge_ending, { end: proof.badge.slice(-4) });
  link.missed = Math.max(1, link.missed); // known before the next poll finds out
  link.lostAt = performance.now();
  const claimed = isBadge ? { badge: proof.badge } : { number: proof.number };
  come({ token: "", claimed, number: proof.badge || proof.number, name, until: new Date(Date.now() + HERE).toISOString() }, proof);
  return true;
}
/* How many digits each person's PIN had when they signed on here: it signs on by itself with the last of them. */
const DIGITS = "lineside-pins-" + config.code;
function pinLengths() {
  try { return JSON.parse(localStorage.getItem(DIGITS) || "{}"); } catch (broken) { return {}; }
}
function notePin(proof, isRight) {
  if (!proof.pin) { return; }
  const known = pinLengths();
  if (isRight) { known[proof.number] = proof.pin.length; } else { delete known[proof.number]; }
  try { localStorage.setItem(DIGITS, JSON.stringify(known)); } catch (full) { /* then one taps once more */ }
}
/* The PIN of whom the sheet now names, as far as its length is known. */
function expectPin() {
  const digits = pinLengths()[$("#sign-number").value.trim()];
  if (digits) { $("#sign-pin").dataset.autosend = digits; } else { delete $("#sign-pin").dataset.autosend; }
}
$("#sign-pin").addEventListener("focus", expectPin);

export async function signOn(proof) {
  const problem = $("#sign-on-problem");
  problem.textContent = "";
  let reply = { status: 503, answer: {} };
  try { reply = await post(config.sign_on_url, proof); } catch (unreachable) { /* as a server that is down */ }
  const { status, answer } = reply;
  if (status === 200) {
    notePin(proof, true);
    notePin({ number: answer.number, pin: proof.pin }, true);
    come(answer, proof);
  } else if (status === 401 || status === 0) {
    location.reload();
  } else if (status >= 502 && status <= 504) {
    if (!comeUnverified(proof)) {
      problem.textContent = words.sign_on_offline;
      if (proof.badge) { toast(words.sign_on_offline, "bad"); }
    }
  } else {
    problem.textContent = answer.detail || words.refused;
    notePin(proof, false);
    if (answer.step_up && proof.number) { others.locked(proof.number, answer); }
    if (proof.badge && answer.code === "badge_unknown") { others.unknown(proof.badge); }
    else if (proof.badge) { toast(answer.detail || words.refused, "bad"); }
  }
}
/* The server answers again: whose badge was taken as it was gets checked. */
export async function verify() {
  const person = people.find((one) => one.claimed && one.claimed.badge);
  if (!person || verifying) { return; }
  verifying = true;
  try {
    const { status, answer } = await post(config.sign_on_url, person.claimed);
    const index = people.indexOf(person);
    if (status === 200 && index >= 0) {
      inherit(person, answer);
      people = people.filter((one, at) => at === index || one.number !== answer.number);
      people[people.indexOf(person)] = answer;
      store();
    } else if (status >= 400 && status < 500 && status !== 401 && index >= 0) {
      people.splice(index, 1);
      store();
      toast(person.name + ": " + (answer.detail || words.refused), "bad");
    }
  } catch (unreachable) { /* with the next answer */ } finally { verifying = false; }
}

// Who begins an entry finishes it.
document.addEventListener("opened", (event) => {
  const sheet = event.target;
  const form = $("form", sheet);
  sheet.dataset.owner = form && form.dataset.do && people[0] ? people[0].number : "";
  sheet.dataset.ownerName = sheet.dataset.owner ? people[0].name : "";
});
