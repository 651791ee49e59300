// The first page: files dropped or chosen are sent in pieces, then queued; the queue lives.

import { json } from "./api.js";
import { all, copyOf, one, part } from "./dom.js";
import { follow, lineOf } from "./progress.js";
import { toast, trouble } from "./toast.js";
import { forget, send } from "./tus.js";
import { clock, say, size } from "./words.js";

const form = one("#take");
const drop = one("#drop");
const jobs = one("#jobs");
const limit = Number(form.dataset.limit);
const SUBTITLES = form.dataset.endings.split(" ");
/** Subtitles that came before their video. */
let lonely = [];

const stem = (name) => name.replace(/\.[^.]*$/, "");
const isSubtitles = (file) => SUBTITLES.some((ending) => file.name.toLowerCase().endsWith(ending));

function settings() {
  const chosen = Object.fromEntries(new FormData(form));
  return {
    scan: { mode: chosen.scan },
    stills: { count: Number(chosen.count), ...(chosen.ranker_stills && { ranker: chosen.ranker_stills }) },
    ...(chosen.ranker_teaser && { teaser: { ranker: chosen.ranker_teaser } }),
    ...(chosen.short && { summaries: { platforms: [chosen.short], seconds: Number(chosen.seconds) } }),
    ...(chosen.language && { speech: { language: chosen.language } }),
  };
}

function take(files) {
  const subtitles = [...lonely, ...files.filter(isSubtitles)];
  const videos = files.filter((file) => !isSubtitles(file));
  lonely = [];
  for (const video of videos) {
    if (video.size > limit) {
      toast(say("upload.too_large", { name: video.name, size: size(limit) }), 8);
      continue;
    }
    const own = subtitles.filter((text) => videos.length === 1 || text.name.startsWith(stem(video.name)));
    upload(video, own);
  }
  if (!videos.length && subtitles.length) {
    lonely = subtitles;
    toast(say("upload.lonely", { n: lonely.length }), 8);
  }
}

function upload(video, subtitles) {
  const card = copyOf("sending");
  const chosen = settings();
  let stop;
  part(card, "name").textContent = video.name;
  const names = subtitles.map((text) => text.name).join(", ");
  part(card, "facts").textContent = size(video.size) + (names ? ` · ${say("upload.with", { names })}` : "");
  part(card, "cancel").addEventListener("click", async () => {
    stop.abort();
    card.remove();
    await Promise.all([video, ...subtitles].map(forget));
  });
  part(card, "retry").addEventListener("click", begin);
  one("#queue").hidden = false;
  jobs.prepend(card);

  async function begin() {
    stop = new AbortController();
    part(card, "retry").hidden = true;
    const line = part(card, "line");
    const onBytes = (sent, resumedAt) => {
      part(card, "bar").value = video.size ? sent / video.size : 1;
      const going = say("upload.sending", { done: size(sent), all: size(video.size) });
      line.textContent = sent === resumedAt && sent > 0 ? say("upload.resumed", { done: size(sent) }) : going;
    };
    const onBreak = (error) => (line.textContent = say("upload.stopped", { error: error.message }));
    try {
      const ids = [];
      for (const text of subtitles) ids.push(await send(text, { onBytes: () => null, signal: stop.signal }));
      const id = await send(video, { onBytes, onBreak, signal: stop.signal });
      line.textContent = say("upload.taking");
      card.dataset.state = "taking";
      enter(await json("POST", "/api/videos", { body: { upload: id, subtitles: ids, settings: chosen } }), card);
    } catch (error) {
      if (error.name === "AbortError") return;
      line.textContent = error.message;
      part(card, "retry").hidden = error.status === 415 || error.status === 422;
    }
  }
  begin();
}

/** A video that the server knows takes the place of `before`, or the first place. */
function enter(video, before) {
  const card = copyOf("job");
  Object.assign(card.dataset, { id: video.id, state: video.state });
  for (const link of all("a", card)) link.href = `/videos/${video.id}`;
  one("h3 a", card).textContent = video.name;
  const probe = video.probe;
  const facts = [probe.duration && clock(probe.duration), probe.width && `${probe.width}×${probe.height}`, size(video.bytes)];
  one(".about .dim", card).textContent = facts.filter(Boolean).join(" · ");
  part(card, "line").textContent = lineOf(video);
  if (before) before.replaceWith(card);
  else jobs.prepend(card);
  one("#queue").hidden = false;
  live(card);
}

function live(card) {
  follow(card, { onDone: (video) => showPoster(card, video) });
}

async function showPoster(card, video) {
  const { products } = await json("GET", video.links.products);
  const best = products.find((product) => product.path.startsWith("covers/youtube_")) ?? products.find((product) => product.kind === "still");
  if (best) one(".picture", card).replaceChildren(Object.assign(new Image(), { src: best.url, alt: "" }));
}

one("#files").addEventListener("change", (event) => {
  take([...event.target.files]);
  event.target.value = "";
});
for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
document.addEventListener("dragleave", (event) => event.relatedTarget || drop.classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  take([...event.dataTransfer.files]);
});
form.addEventListener("submit", (event) => event.preventDefault());
one("#fetch")?.addEventListener("click", async (event) => {
  const place = one("#place").value.trim();
  if (!place) return;
  event.currentTarget.disabled = true;
  try {
    const named = /^https?:\/\//i.test(place) ? { url: place } : { path: place };
    enter(await json("POST", "/api/videos", { body: { ...named, settings: settings() } }));
    one("#place").value = "";
  } catch (error) {
    trouble(error);
  } finally {
    one("#fetch").disabled = false;
  }
});
for (const card of all(".job")) live(card);
