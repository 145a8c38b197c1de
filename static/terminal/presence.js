/* Signs people off at this terminal who have not touched it for a while, after a warning that any touch ends, and everybody
 * after the end of the shift. What they had begun stays in its open sheet. */

const WARNING = 30000;

export class Presence {
  /* seconds: how long without a touch, 0 for never; current() is who reports; lapse() signs everybody off. */
  constructor({ seconds, words, current, lapse }) {
    this.limit = seconds * 1000;
    this.words = words;
    this.current = current;
    this.lapse = lapse;
    this.touched = Date.now();
    this.note = document.getElementById("lapse-note");
    ["pointerdown", "keydown"].forEach((kind) => document.addEventListener(kind, () => this.touch(), true));
    setInterval(() => this.look(), 1000);
  }

  touch() {
    this.touched = Date.now();
    this.note.hidden = true;
  }

  look() {
    const person = this.current();
    if (!person) { this.note.hidden = true; return; }
    const untouched = this.limit ? this.touched + this.limit - Date.now() : Infinity;
    const left = Math.min(untouched, Date.parse(person.until) - Date.now());
    if (left <= 0) {
      this.note.hidden = true;
      this.lapse(person);
    } else if (left <= WARNING) {
      const text = this.words.still_here.replace("{name}", person.name).replace("{n}", Math.ceil(left / 1000));
      this.note.querySelector("[data-said]").textContent = text;
      this.note.hidden = false;
    }
  }
}
