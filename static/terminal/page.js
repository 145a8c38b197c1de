/* What every part of the terminal's page starts from: what the server wrote into it, its words, finding and saying things. */

export const config = JSON.parse(document.getElementById("terminal-config").textContent);
export const words = config.words;
export const $ = (selector, root) => (root || document).querySelector(selector);
export const $$ = (selector, root) => Array.from((root || document).querySelectorAll(selector));
export const say = (text, facts) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? facts[name] : whole));

const language = document.documentElement.lang;
/* In the site's time zone, as everything that the server writes: a tablet may be set to another. */
export const clock = (at, parts) => new Date(at).toLocaleTimeString(language + "-u-nu-latn", Object.assign({ timeZone: config.time_zone, hourCycle: "h23", hour: "2-digit", minute: "2-digit" }, parts));
export const writesComma = (1.5).toLocaleString(language).includes(",");

/* missed: how many polls in a row did not reach the server; lostAt: when something else did not (performance.now()). */
export const link = { missed: 0, lostAt: 0 };
