/* Shows what a scanner sends: whether it counts as a scan, what was read, how fast it came and how it ended. */

import { listen, signOf } from "./scanner.js";
import "./sink.js";

const box = document.getElementById("arrived");
const part = (name) => box.querySelector("[data-" + name + "]");
let keys = [];
let timer = 0;

function show(text, end) {
  const signs = keys.filter((one) => one.sign);
  if (!signs.length && !text) { return; }
  const gap = signs.length > 1 ? (signs[signs.length - 1].at - signs[0].at) / (signs.length - 1) : 0;
  // A scanner that types into fields has no keys and no layout.
  const typed = signs.map((one) => one.typed).join("") || text;
  const read = text || signs.map((one) => one.sign).join("");
  const verdict = part("verdict");
  verdict.className = "state long " + (text ? "run" : "wait");
  verdict.firstElementChild.textContent = text ? box.dataset.scan : box.dataset.typing;
  part("read").textContent = read.replace(/[^ -~]/g, "␝");
  part("typed-as").textContent = typed;
  part("layout").textContent = typed === read ? box.dataset.same : box.dataset.other;
  part("signs").textContent = String(signs.length || read.length);
  part("gap").textContent = gap.toFixed(1) + " ms";
  part("end").textContent = end || box.dataset.none;
  part("empty").hidden = true;
  part("found").hidden = false;
  keys = [];
}
function ends() {
  const last = keys[keys.length - 1];
  return last && (last.key === "Enter" || last.key === "Tab") ? last.key : "";
}

// Before the scanner's own listener, which keeps the end of a scan to itself.
window.addEventListener("keydown", (event) => {
  const sign = event.key.length === 1 ? signOf(event) : "";
  keys.push({ key: event.key, sign, typed: event.key.length === 1 ? event.key : "", at: event.timeStamp });
  clearTimeout(timer);
  timer = setTimeout(() => show("", ends()), 800);
}, true);
listen((text) => {
  clearTimeout(timer);
  show(text, ends());
}, () => show("", ""));
