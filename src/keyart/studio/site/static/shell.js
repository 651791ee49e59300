// On every page: the theme changes at once, copy buttons copy.

import { toast } from "./toast.js";
import { say } from "./words.js";

const root = document.documentElement;

document.querySelector(".theme").addEventListener("click", (event) => {
  event.preventDefault();
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  document.cookie = `keyart-theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  event.preventDefault();
  const text = button.dataset.copy ?? document.getElementById(button.dataset.copyFrom).textContent;
  if (await copied(text)) toast(say("copied"), 2);
});

/** Whether it worked. The clipboard proper is closed to pages over plain http that are not on this machine. */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = Object.assign(document.createElement("textarea"), { value: text, className: "unseen" });
    document.body.append(field);
    field.select();
    const worked = document.execCommand("copy");
    field.remove();
    return worked;
  }
}
