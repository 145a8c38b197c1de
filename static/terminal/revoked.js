/* On a device that was revoked: hands over what it still holds, so that a supervisor finds it; says how much is left. */

import { Outbox } from "./outbox.js";

const said = document.getElementById("revoked-queue");
const nothing = said.textContent;

const outbox = new Outbox({
  changed(entries) {
    const left = entries.filter((entry) => entry.state === "waiting").length;
    said.textContent = left ? said.dataset.sending.replace("{n}", left) : nothing;
  },
  settled() {},
});
outbox.open().then(() => outbox.flush());
window.lineside = { outbox };
