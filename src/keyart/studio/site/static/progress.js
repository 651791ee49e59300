// A video on its way: server-sent events drive the bar, the line and the buttons of a card.

import { ask } from "./api.js";
import { one, part } from "./dom.js";
import { trouble } from "./toast.js";
import { duration, maybe, say } from "./words.js";

const FINAL = ["done", "failed", "cancelled"];

/** One line on how far it is, as the server said it when the page came. */
export function lineOf(video) {
  if (video.state === "queued") return video.position ? say("job.waiting", { n: video.position }) : say("job.soon");
  if (video.state === "running") {
    const running = video.progress.stages.filter((stage) => stage.status === "running").at(-1);
    const doing = running ? maybe(`stage.${running.name}`, running.name) : say("job.begun");
    const left = video.progress.seconds_left;
    return left ? `${doing} · ${say("job.left", { time: duration(left) })}` : doing;
  }
  return say(`state.${video.state}`) + (video.state === "failed" && video.error ? `: ${video.error}` : "");
}

/** Keep an element with parts bar, line, cancel, retry, open and stages up to date until its video is through. */
export function follow(element, { onDone } = {}) {
  const id = element.dataset.id;
  const here = `/api/videos/${id}`;
  let source;
  let said = "";

  function show(video) {
    element.dataset.state = video.state;
    const working = !FINAL.includes(video.state);
    part(element, "bar").value = video.progress.fraction;
    part(element, "bar").hidden = !working;
    const line = lineOf(video);
    if (line !== said) part(element, "line").textContent = said = line;
    part(element, "cancel").hidden = !working;
    part(element, "retry").hidden = working || video.state === "done";
    if (part(element, "open")) part(element, "open").hidden = video.state !== "done";
    for (const name of ["stages", "leave"]) if (part(element, name)) part(element, name).hidden = !working;
    if (part(element, "stages")) showStages(part(element, "stages"), video.progress.stages);
    if (video.state === "done") onDone?.(video);
  }

  function watch() {
    source?.close();
    source = new EventSource(`${here}/events`);
    source.addEventListener("video", (event) => {
      const video = JSON.parse(event.data);
      show(video);
      if (FINAL.includes(video.state)) source.close();
    });
  }

  const order = (verb) => async (event) => {
    event.currentTarget.disabled = true;
    try {
      await ask("POST", `${here}/${verb}`);
      watch();
    } catch (error) {
      trouble(error);
    } finally {
      part(element, verb).disabled = false;
    }
  };
  part(element, "cancel").addEventListener("click", order("cancel"));
  part(element, "retry").addEventListener("click", order("retry"));
  if (!FINAL.includes(element.dataset.state)) watch();
}

function showStages(list, stages) {
  if (!stages.length) return;
  if (list.children.length !== stages.length) {
    const model = list.firstElementChild;
    list.replaceChildren(...stages.map(() => model.cloneNode(true)));
  }
  stages.forEach((stage, at) => {
    const item = list.children[at];
    item.dataset.status = stage.status;
    one("span:last-child", item).textContent = maybe(`stage.${stage.name}`, stage.name);
    item.title = stage.reason;
  });
}
