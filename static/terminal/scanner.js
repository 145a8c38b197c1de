/* Tells a scanner that types like a keyboard from a person who types: at least four signs, 35 ms apart on average,
 * ended by Enter or Tab. The signs are read by the position of the key, so that a foreign keyboard layout does not
 * garble the code, and taken out of whatever field had the focus. */

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

/* scanned(text) with what a scanner read; tooLong() where it did not end. */
export function listen(scanned, tooLong) {
  let signs = "";
  let count = 0;
  let first = 0;
  let last = 0;
  let ended = -1000;
  let field = null;
  let before = "";
  document.addEventListener("keydown", (event) => {
    const now = event.timeStamp;
    if (event.key === "Enter" || event.key === "Tab") {
      const fast = signs.length >= 4 && now - last < 80 && (last - first) / (count - 1) <= 35;
      if (fast) {
        event.preventDefault();
        event.stopImmediatePropagation();
        if (field) { field.value = before; }
        if (signs.length > LONGEST) { tooLong(); } else { scanned(signs); }
      }
      // A second Enter or Tab that belongs to the same burst presses nothing either.
      if (!fast && now - ended < 80) {
        event.preventDefault();
        event.stopImmediatePropagation();
      }
      if (fast || now - ended < 80) { ended = now; }
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
    if (now - last > 80) {
      signs = "";
      count = 0;
      first = now;
      const focused = document.activeElement;
      field = focused && "value" in focused && focused.tagName === "INPUT" ? focused : null;
      before = field ? field.value : "";
    }
    if (signs.length <= LONGEST) { signs += sign; }
    count += 1;
    last = now;
  }, true);
}
