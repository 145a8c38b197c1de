/* Tells a scanner that types like a keyboard from a person who types: at least four signs, 35 ms apart on average,
 * ended by Enter or Tab. The signs are read by the position of the key, so that a foreign keyboard layout does not
 * garble the code, and taken out of whatever field had the focus.
 *
 * Scanners of handhelds may put their text into the field as an input method does, at once or sign by sign, and no key says
 * what it was. That counts as a scan in fields that call no keyboard up, so that no word which the keyboard proposed is taken
 * for one: where an Enter or Tab ends it, and in the field that sink.js keeps at hand also without. */

const SHIFTED = { Minus: "_", Equal: "+", Digit1: "!", Digit2: "@", Digit3: "#", Digit4: "$", Digit5: "%", Digit6: "^",
  Digit7: "&", Digit8: "*", Digit9: "(", Digit0: ")", Slash: "?", Semicolon: ":", Period: ">", Comma: "<", Quote: '"' };
const PLAIN = { Minus: "-", Equal: "=", Slash: "/", Semicolon: ";", Period: ".", Comma: ",", Space: " ", NumpadSubtract: "-",
  BracketLeft: "[", BracketRight: "]", Quote: "'", NumpadAdd: "+", NumpadDecimal: ".", NumpadDivide: "/" };

export function signOf(event) {
  const code = event.code || "";
  if (/^Key[A-Z]$/.test(code)) { return event.shiftKey ? code[3] : code[3].toLowerCase(); }
  if (/^Digit\d$/.test(code)) { return event.shiftKey ? SHIFTED[code] : code[5]; }
  if (/^Numpad\d$/.test(code)) { return code[6]; }
  const found = event.shiftKey ? SHIFTED[code] : PLAIN[code];
  return found || (event.key && event.key.length === 1 ? event.key : "");
}

export const LONGEST = 256; // No label holds more; what goes on is a scanner gone wild, or somebody's file.

const GAP = 80; // milliseconds: what comes later belongs to something else
const FAST = 35; // between two signs, on average

/* A field as it was before a scanner typed into it. */
function remember(field) { return { field, value: field.value, typed: field.dataset.typed }; }
function giveBack(state) {
  const { field, value, typed } = state;
  field.value = value;
  // Whatever repeats what the field holds follows it.
  field.dispatchEvent(new Event("input", { bubbles: true }));
  if (typed === undefined) { delete field.dataset.typed; } else { field.dataset.typed = typed; }
}
/* What stands in a text that did not stand in it before. */
function inserted(before, after) {
  let start = 0;
  while (start < before.length && before[start] === after[start]) { start += 1; }
  let end = 0;
  while (end < before.length - start && before[before.length - 1 - end] === after[after.length - 1 - end]) { end += 1; }
  return after.slice(start, after.length - end);
}

/* Text that comes without keys. keyed(): how long ago a key said its sign. Returns what ends it, which says whether it was a scan. */
function listenToFields(scanned, tooLong, keyed) {
  let before = null;
  let put = null;
  let timer = 0;
  function end(now) {
    clearTimeout(timer);
    const done = put;
    put = null;
    if (!done || now - done.last > GAP) { return false; }
    const text = inserted(done.state.value, done.state.field.value);
    if (text.length < 4 || (done.times > 1 && (done.last - done.first) / (done.times - 1) > FAST)) { return false; }
    giveBack(done.state);
    if (text.length > LONGEST) { tooLong(); } else { scanned(text); }
    return true;
  }
  document.addEventListener("beforeinput", (event) => {
    const field = event.target;
    if (event.inputType === "insertLineBreak" && end(event.timeStamp)) { event.preventDefault(); }
    before = field.tagName === "INPUT" && field.inputMode === "none" ? remember(field) : null;
  }, true);
  document.addEventListener("input", (event) => {
    const isPut = event.isTrusted && before && before.field === event.target && /^insert(Text|CompositionText|FromComposition)$/.test(event.inputType);
    if (!isPut || keyed(event.timeStamp)) {
      if (event.isTrusted) { put = null; }
      return;
    }
    if (!put || put.state.field !== event.target || event.timeStamp - put.last > GAP) { put = { state: before, first: event.timeStamp, times: 0 }; }
    put.last = event.timeStamp;
    put.times += 1;
    clearTimeout(timer);
    if (event.target.id === "scan-sink") { timer = setTimeout(() => end(put.last), GAP); }
  }, true);
  return end;
}

/* scanned(text) with what a scanner read; tooLong() where it did not end. */
export function listen(scanned, tooLong) {
  let keyedAt = -1000;
  const endPut = listenToFields(scanned, tooLong, (now) => now - keyedAt < GAP);
  let signs = "";
  let count = 0;
  let first = 0;
  let last = 0;
  let ended = -1000;
  let field = null;
  document.addEventListener("keydown", (event) => {
    const now = event.timeStamp;
    if (event.key === "Enter" || event.key === "Tab") {
      if (endPut(now)) {
        event.preventDefault();
        event.stopImmediatePropagation();
        ended = now;
        return;
      }
      const fast = signs.length >= 4 && now - last < GAP && (last - first) / (count - 1) <= FAST;
      if (fast) {
        event.preventDefault();
        event.stopImmediatePropagation();
        if (field) { giveBack(field); }
        if (signs.length > LONGEST) { tooLong(); } else { scanned(signs); }
      }
      // A second Enter or Tab that belongs to the same burst presses nothing either.
      if (!fast && now - ended < GAP) {
        event.preventDefault();
        event.stopImmediatePropagation();
      }
      if (fast || now - ended < GAP) { ended = now; }
      // What comes next is another code, however soon it comes.
      signs = "";
      count = 0;
      last = -1000;
      return;
    }
    // FNC1, which parts the fields of a GS1 label, is typed as the control character it stands for.
    const parts = event.ctrlKey && event.code === "BracketRight";
    const sign = parts ? "\x1d" : event.ctrlKey || event.metaKey || event.altKey ? "" : signOf(event);
    if (!sign) { return; }
    keyedAt = now;
    if (now - last > GAP) {
      signs = "";
      count = 0;
      first = now;
      const focused = document.activeElement;
      field = focused && "value" in focused && focused.tagName === "INPUT" ? remember(focused) : null;
    }
    if (signs.length <= LONGEST) { signs += sign; }
    count += 1;
    last = now;
  }, true);
}
