/* Tells a scanner that types like a keyboard from a person who types: at least four signs, 35 ms apart on average,
 * ended by Enter or Tab. The signs are read by the position of the key, so that a foreign keyboard layout does not
 * garble the code, and taken out of whatever field had the focus. */

const SHIFTED = { Minus: "_", Equal: "+", Digit1: "!", Digit2: "@", Digit3: "#", Digit4: "$", Digit5: "%", Digit6: "^",
  Digit7: "&", Digit8: "*", Digit9: "(", Digit0: ")", Slash: "?", Semicolon: ":", Period: ">", Comma: "<" };
const PLAIN = { Minus: "-", Equal: "=", Slash: "/", Semicolon: ";", Period: ".", Comma: ",", Space: " ", NumpadSubtract: "-",
  NumpadAdd: "+", NumpadDecimal: ".", NumpadDivide: "/" };

export function signOf(event) {
  const code = event.code || "";
  if (/^Key[A-Z]$/.test(code)) { return event.shiftKey ? code[3] : code[3].toLowerCase(); }
  if (/^Digit\d$/.test(code)) { return event.shiftKey ? SHIFTED[code] : code[5]; }
  if (/^Numpad\d$/.test(code)) { return code[6]; }
  const found = event.shiftKey ? SHIFTED[code] : PLAIN[code];
  return found || (event.key && event.key.length === 1 ? event.key : "");
}

export function listen(scanned) {
  let signs = "";
  let first = 0;
  let last = 0;
  let field = null;
  let before = "";
  document.addEventListener("keydown", (event) => {
    const now = event.timeStamp;
    if (event.key === "Enter" || event.key === "Tab") {
      const fast = signs.length >= 4 && now - last < 80 && (last - first) / (signs.length - 1) <= 35;
      if (fast) {
        event.preventDefault();
        event.stopImmediatePropagation();
        if (field) { field.value = before; }
        scanned(signs);
      }
      signs = "";
      return;
    }
    const sign = event.ctrlKey || event.metaKey || event.altKey ? "" : signOf(event);
    if (!sign) { return; }
    if (now - last > 80) {
      signs = "";
      first = now;
      const focused = document.activeElement;
      field = focused && "value" in focused && focused.tagName === "INPUT" ? focused : null;
      before = field ? field.value : "";
    }
    signs += sign;
    last = now;
  }, true);
}
