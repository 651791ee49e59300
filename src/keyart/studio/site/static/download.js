// Downloads are links; only taking a cover of one's own away needs a script.

import { ask } from "./api.js";
import { one } from "./dom.js";
import { toast, trouble } from "./toast.js";
import { say } from "./words.js";

const here = `/api/videos/${one("[data-video]").dataset.video}`;

one("#mine").addEventListener("click", async (event) => {
  if (!event.target.closest("[data-remove]")) return;
  const card = event.target.closest("[data-cover]");
  try {
    await ask("DELETE", `${here}/covers/${card.dataset.cover}`);
    card.remove();
    toast(say("download.removed"));
  } catch (error) {
    trouble(error);
  }
});
