/* Judges what is measured while it is entered: [data-reading] fields with data-low and data-high, in [data-judge] forms.
 * The server judges for good; this is so that nobody has to wait for it. A gauge that types fills one field after the other. */

const NUMBER = /([+-]?\d*[.,]?\d+)\s*([^\d\s.,+-]*)\s*$/;

function judge(field) {
  const box = field.closest("[data-verdict]");
  if (!box) { return; }
  const words = field.form.dataset;
  const found = NUMBER.exec(field.value);
  const unit = found && found[2];
  let kind = "";
  let text = "";
  if (found && (!unit || unit === field.dataset.unit)) {
    const value = Number(found[1].replace(",", "."));
    const low = field.dataset.low === "" ? -Infinity : Number(field.dataset.low);
    const high = field.dataset.high === "" ? Infinity : Number(field.dataset.high);
    const out = value > high ? value - high : value < low ? low - value : 0;
    kind = out ? "nok" : "ok";
    text = out ? (value > high ? words.above : words.below).replace("{n}", String(Math.round(out * 1e6) / 1e6)) : words.inside;
  }
  box.dataset.verdict = kind;
  box.toggleAttribute("data-wrong", kind === "nok");
  box.querySelector("[data-said]").textContent = text;
}

function judgeAll(form) {
  if (form && form.hasAttribute("data-judge")) { form.querySelectorAll("[data-reading]").forEach(judge); }
}

document.addEventListener("input", (event) => judgeAll(event.target.form));
document.addEventListener("click", (event) => {
  const key = event.target.closest("[data-key]");
  if (key) { setTimeout(() => judgeAll(key.closest("form")), 0); }
});
document.addEventListener("scanned", (event) => {
  const form = event.target.form;
  if (!form || !form.hasAttribute("data-judge")) { return; }
  judgeAll(form);
  const next = Array.from(form.querySelectorAll("[data-reading]")).find((field) => !field.value);
  (next || form.querySelector("button[type=submit]")).focus();
});
