/* Somebody with the right allows one thing, with badge or number and always the PIN: the server checks it and gives a
 * leave, which goes out with the entry that it is for. */

import { post } from "./outbox.js";

const sheet = document.getElementById("sheet-step-up");
const form = document.getElementById("step-up-form");
const problem = document.getElementById("step-up-problem");

export class Supervisor {
  constructor({ url, words, open }) {
    this.url = url;
    this.words = words;
    this.open = open;
    this.asked = null;
    this.badge = "";
  }

  isAsked() { return sheet.open; }

  /* right: what is needed; subject: the entry's id, or whom it is about; what: in words; then(leave, name) when given. */
  ask(asked) {
    this.asked = asked;
    this.badge = "";
    sheet.querySelector("[data-what]").textContent = asked.what;
    this.open("step-up");
  }

  scanned(badge) {
    this.badge = badge;
    form.elements.number.value = "";
    problem.textContent = this.words.badge_read;
    problem.dataset.told = "";
    form.elements.pin.focus();
  }

  async answer() {
    const asked = this.asked;
    const proof = { right: asked.right, subject: asked.subject, pin: form.elements.pin.value };
    if (this.badge) { proof.badge = this.badge; } else { proof.number = form.elements.number.value.trim(); }
    form.elements.pin.value = "";
    problem.textContent = "";
    delete problem.dataset.told;
    try {
      const { status, answer } = await post(this.url, proof);
      if (status !== 200) {
        problem.textContent = answer.detail || this.words.refused;
        return;
      }
      sheet.close();
      asked.then(answer.leave, answer.name);
    } catch (unreachable) {
      problem.textContent = this.words.sign_on_offline;
    }
  }
}
