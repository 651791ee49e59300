// The cover as it would be exported, drawn by the server after every change: one request at a time, the latest wins.

import { ask } from "./api.js";

/** Returns `refresh(design)`. `show(address, facts, design)` gets the picture, `fail(error)` what went wrong. */
export function previews(address, { show, fail, busy }) {
  let waiting = null;
  let running = false;
  let kept = "";

  async function draw(design) {
    const answer = await ask("POST", address, { body: design });
    const facts = JSON.parse(answer.headers.get("x-keyart-cover") ?? "{}");
    const fresh = URL.createObjectURL(await answer.blob());
    await show(fresh, facts, design);
    if (kept) URL.revokeObjectURL(kept);
    kept = fresh;
  }

  return async function refresh(design) {
    waiting = design;
    if (running) return;
    running = true;
    busy(true);
    while (waiting) {
      const next = waiting;
      waiting = null;
      try {
        await draw(next);
      } catch (error) {
        if (error.status === 503) {
          waiting ??= next;
          await new Promise((resolve) => setTimeout(resolve, 700));
        } else if (!waiting) fail(error);
      }
    }
    running = false;
    busy(false);
  };
}
