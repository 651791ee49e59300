// A line at the foot of the page, read out by screen readers, gone after a while.

import { say } from "./words.js";

export function toast(text, seconds = 4) {
  const place = document.getElementById("toasts");
  const line = Object.assign(document.createElement("div"), { className: "toast", textContent: text });
  place.replaceChildren(line);
  setTimeout(() => line.remove(), seconds * 1000);
}

/** For `catch`: what went wrong, in a line. What was given up on purpose is silent. */
export function trouble(error) {
  if (error.name === "AbortError") return;
  if (error.status === undefined) console.error(error);
  toast(say("trouble", { error: error.message }), 8);
}
