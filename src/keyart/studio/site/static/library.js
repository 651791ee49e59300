// The library: a video is deleted after a question.

import { ask } from "./api.js";
import { one, part } from "./dom.js";
import { toast, trouble } from "./toast.js";
import { say } from "./words.js";

const dialog = one("#ask");
let chosen = null;

one("#shelf")?.addEventListener("click", (event) => {
  if (!event.target.closest("[data-remove]")) return;
  chosen = event.target.closest(".kept");
  part(dialog, "name").textContent = chosen.dataset.name;
  dialog.showModal();
});
part(dialog, "close").addEventListener("click", () => dialog.close());
part(dialog, "yes").addEventListener("click", async () => {
  dialog.close();
  try {
    await ask("DELETE", `/api/videos/${chosen.dataset.id}`);
    chosen.remove();
    toast(say("library.deleted"));
  } catch (error) {
    trouble(error);
  }
});
