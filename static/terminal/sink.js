/* A field for scanners that can only type into one: on devices that are touched it has the focus whenever no other field
 * does. It calls no keyboard up, is not seen, and what is typed slowly into it is gone again. */

const sink = document.getElementById("scan-sink");
const OTHERS = "input:not([type=checkbox]):not([type=radio]):not([type=file]), textarea, select, iframe";
let timer = 0;
let isTouched = navigator.maxTouchPoints > 0;

function rest() {
  const here = document.activeElement;
  if (!isTouched || here === sink || (here && here.matches(OTHERS))) { return; }
  const home = Array.from(document.querySelectorAll("dialog[open]")).pop() || document.body;
  if (sink.parentElement !== home) { home.append(sink); }
  sink.focus({ preventScroll: true });
}
function soon() { setTimeout(rest, 0); }

document.addEventListener("pointerdown", (event) => { isTouched = event.pointerType === "touch"; }, true);
document.addEventListener("click", soon);
document.addEventListener("close", soon, true);
sink.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => { sink.value = ""; }, 1000);
});
rest();
