/* What people do becomes entries of the outbox: by a tap, or by a form that they fill in. */

import { addLine, linesOf, sumOf } from "./lines.js";
import { newId } from "./outbox.js";
import { $, $$, config, say, words } from "./page.js";
import { current, reporter, signature } from "./people.js";
import { follow } from "./photos.js";
import { cannotStore, outbox } from "./queue.js";
import { closeSheets, unusual, whatIsWrong } from "./sheets.js";
import { toast } from "./toast.js";
import { clockOffset, serverNow } from "../timers.js";

/* What any panel marks as not right: a choice once it is made, anything else at once. Then the entry is told as news, not as done. */
const SAYS_WRONG = "input[data-wrong]:checked, [data-wrong]:not(input)";

let lastAt = 0;
/* When it happens, by the server's clock as far as it is known; never before the entry before it. */
function happensAt() {
  let at = serverNow().getTime();
  if (at <= lastAt && lastAt - at < 60000) { at = lastAt + 1; }
  lastAt = at;
  return new Date(at).toISOString();
}

export function negative(counts) {
  const turned = {};
  Object.keys(counts || {}).forEach((key) => { turned[key] = -counts[key]; });
  return turned;
}

export async function enqueue(action, payload, said, more) {
  const isSigned = Boolean(more && (more.person || more.claimed));
  const person = isSigned ? current() : reporter();
  if (!person && !isSigned) { return null; }
  const entry = Object.assign({
    id: newId(), url: config.entries_url, action, turn: action, payload, said, lane: String(payload.operation || ""), counts: {},
    occurred_at: happensAt(), tapped_at: Date.now(), clock_offset: clockOffset(),
  }, signature(person), more || {});
  if (!entry.quiet) { toast(said, entry.wrong ? "info" : "good", entry, entry.wrong ? "unknown" : ""); }
  try {
    await outbox.add(entry);
  } catch (full) {
    if (full.message !== "full" && !entry.blob) { cannotStore(); }
    toast(entry.lost || words.cannot_store, "bad");
    return null;
  }
  return entry;
}

/* Send what a form says; what is missing or wrong is said in it, and nothing of it is sent. */
export function enter(form, button) {
  const problem = $(".sheet-problem", form);
  const person = reporter();
  if (!person) { return; }
  const sheet = form.closest("dialog");
  if (sheet && sheet.dataset.owner && sheet.dataset.owner !== person.number) {
    if (problem) { problem.textContent = say(words.begun_by, { name: sheet.dataset.ownerName }); }
    return;
  }
  const wrong = $$("[data-needed]", form).find(whatIsWrong);
  if (wrong) {
    if (problem) { problem.textContent = whatIsWrong(wrong); }
    wrong.focus();
    return;
  }
  if (unusual(form, button) || addLine(form, button)) { return; }
  const payload = JSON.parse(form.dataset.payload || "{}");
  Array.from(new FormData(form).entries()).forEach(([name, value]) => { if (value !== "") { payload[name] = value; } });
  if (button && button.name) { payload[button.name] = button.value; }
  const lines = linesOf(form);
  const figure = lines.length ? sumOf(lines) : payload.quantity;
  let choice = button ? button.dataset.usual || button.textContent.trim() : "";
  if (lines.length) {
    payload.lines = lines.map(({ reason, quantity }) => ({ reason, quantity }));
    delete payload.quantity;
    choice = lines.map((line) => line.quantity + " " + line.choice).join(", ");
  }
  const facts = Object.assign({}, payload, { n: figure, choice });
  const counts = {};
  const counter = (button && button.dataset.count) || form.dataset.count;
  if (counter && figure) { counts[counter] = Number(figure); }
  const entered = enqueue(form.dataset.do, payload, say((button && button.dataset.said) || form.dataset.said || "", facts), { counts, undo: form.dataset.undo || "", wrong: Boolean($(SAYS_WRONG, form)), turn: form.dataset.turn || form.dataset.do });
  follow(form, entered, enqueue);
  closeSheets();
}
