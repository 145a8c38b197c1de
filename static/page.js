/* Timers on pages that are not live. */

import { start } from "./timers.js";

start("");
