// The grid of frames: arrow keys, favourites, order; one of them in full with the reasons for it.

import { ask, json } from "./api.js";
import { all, copyOf, one, part, press } from "./dom.js";
import { film } from "./film.js";
import { toast, trouble } from "./toast.js";
import { clock, maybe, say } from "./words.js";

const here = `/api/videos/${one("[data-video]").dataset.video}`;
const page = here.replace("/api", "");
const grid = one("#frames");
const viewer = one("#viewer");
/** id -> the frame as the API tells it. */
const known = new Map();
const STRONG = 0.75;
const WEAK = 0.5;

const cards = () => all(".frame", grid);
const cardOf = (id) => cards().find((card) => card.dataset.id === id);
const isLiked = (card) => part(card, "heart").getAttribute("aria-pressed") === "true";

// --- favourites -----------------------------------------------------------------------------------------------------

async function like(card, wanted = !isLiked(card)) {
  mark(card, wanted);
  try {
    await ask("PUT", `${here}/frames/${card.dataset.id}`, { body: { favourite: wanted } });
  } catch (error) {
    mark(card, !wanted);
    trouble(error);
  }
}

function mark(card, liked) {
  press(part(card, "heart"), liked);
  card.classList.toggle("loved", liked);
  strip.ticks(marks());
  if (viewer.open && shown === card) press(part(viewer, "like"), liked);
}

const marks = () => cards().map((card) => ({ seconds: Number(card.dataset.seconds), liked: isLiked(card) }));

// --- order ----------------------------------------------------------------------------------------------------------

function arrange(by) {
  const rank = (card) => (card.dataset.rank ? Number(card.dataset.rank) : card.hasAttribute("data-by-hand") ? 0 : 1e6);
  const seconds = (card) => Number(card.dataset.seconds);
  const worth = by === "time" ? seconds : rank;
  grid.append(...cards().sort((a, b) => worth(a) - worth(b) || seconds(a) - seconds(b)));
}

one("#sort").addEventListener("change", (event) => arrange(event.target.value));

// --- keyboard: one stop for Tab, arrows inside ----------------------------------------------------------------------

function columns() {
  const [first] = cards();
  return cards().filter((card) => card.offsetTop === first.offsetTop).length;
}

function stopAt(card) {
  for (const other of cards()) part(other, "open").tabIndex = other === card ? 0 : -1;
}

grid.addEventListener("focusin", (event) => stopAt(event.target.closest(".frame")));
grid.addEventListener("keydown", (event) => {
  const card = event.target.closest(".frame");
  if (!card || event.target !== part(card, "open")) return;
  const list = cards();
  const at = list.indexOf(card);
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(), ArrowUp: -columns() };
  const target = event.key === "Home" ? 0 : event.key === "End" ? list.length - 1 : at + steps[event.key];
  if (list[target]) {
    event.preventDefault();
    part(list[target], "open").focus();
  } else if (event.key === " ") {
    event.preventDefault();
    like(card);
  }
});

// --- one in full ----------------------------------------------------------------------------------------------------

let shown = null;

async function look(card) {
  shown = card;
  const time = clock(Number(card.dataset.seconds), 2);
  const picture = part(viewer, "picture");
  picture.alt = say("frames.at", { time });
  picture.src = one("img", card).currentSrc || one("img", card).src;
  part(viewer, "time").textContent = time;
  part(viewer, "use").href = `${page}/text?frame=${card.dataset.id}`;
  press(part(viewer, "like"), isLiked(card));
  part(viewer, "remove").hidden = !card.hasAttribute("data-by-hand");
  if (!viewer.open) viewer.showModal();
  if (!known.has(card.dataset.id)) await learn().catch(trouble);
  const frame = known.get(card.dataset.id);
  if (frame && shown === card) explain(frame);
}

async function learn() {
  for (const frame of (await json("GET", `${here}/frames`)).frames) known.set(frame.id, frame);
}

function explain(frame) {
  part(viewer, "picture").src = frame.picture;
  const terms = (frame.terms ?? []).filter((term) => term.weight > 0).sort((a, b) => b.value * b.weight - a.value * a.weight);
  const named = (test) => terms.filter(test).slice(0, 3).map((term) => maybe(`term.${term.name}`, term.name).toLowerCase()).join(", ");
  const strong = named((term) => term.value >= STRONG);
  const weak = named((term) => term.value < WEAK);
  const said = frame.by_hand ? [say("viewer.by_hand")] : [];
  if (strong) said.push(say("viewer.strong", { terms: strong }));
  if (weak) said.push(say("viewer.weak", { terms: weak }));
  part(viewer, "said").textContent = said.join(" ");
  part(viewer, "terms").replaceChildren(...terms.flatMap(bar));
}

function bar(term) {
  const name = Object.assign(document.createElement("dt"), { textContent: maybe(`term.${term.name}`, term.name), title: term.note });
  const value = document.createElement("dd");
  const gauge = Object.assign(document.createElement("progress"), { max: 1, value: term.value });
  gauge.setAttribute("aria-label", name.textContent);
  value.append(gauge);
  return [name, value];
}

function step(by) {
  const list = cards();
  const card = list[(list.indexOf(shown) + by + list.length) % list.length];
  look(card);
  stopAt(card);
}

viewer.addEventListener("keydown", (event) => {
  if (event.key === "ArrowLeft") step(-1);
  if (event.key === "ArrowRight") step(1);
});
viewer.addEventListener("click", (event) => event.target === viewer && viewer.close());
viewer.addEventListener("close", () => part(shown ?? cards()[0], "open")?.focus());
part(viewer, "back").addEventListener("click", () => step(-1));
part(viewer, "on").addEventListener("click", () => step(1));
part(viewer, "close").addEventListener("click", () => viewer.close());
part(viewer, "like").addEventListener("click", () => like(shown));
part(viewer, "remove").addEventListener("click", async () => {
  try {
    await ask("DELETE", `${here}/frames/${shown.dataset.id}`);
    shown.remove();
    shown = null;
    viewer.close();
    strip.ticks(marks());
  } catch (error) {
    trouble(error);
  }
});
grid.addEventListener("click", (event) => {
  const card = event.target.closest(".frame");
  if (!card) return;
  if (event.target.closest(".heart")) like(card);
  else look(card);
});

// --- a frame of one's own -------------------------------------------------------------------------------------------

async function add(seconds) {
  toast(say("frames.adding"), 30);
  const frame = await json("POST", `${here}/frames`, { body: { seconds } });
  known.set(frame.id, frame);
  const card = cardOf(frame.id) ?? entered(frame);
  card.scrollIntoView({ block: "center", behavior: "smooth" });
  part(card, "open").focus({ preventScroll: true });
  toast(say("frames.added", { time: clock(frame.seconds, 1) }));
}

function entered(frame) {
  const card = copyOf("frame");
  Object.assign(card.dataset, { id: frame.id, seconds: frame.seconds, score: frame.score ?? "", rank: frame.rank ?? "" });
  card.toggleAttribute("data-by-hand", frame.by_hand);
  Object.assign(one("img", card), { src: frame.small, width: frame.width, height: frame.height });
  one("img", card).alt = say("frames.at", { time: clock(frame.seconds) });
  part(card, "time").textContent = clock(frame.seconds);
  part(card, "score").textContent = frame.score === null ? "" : Math.round(frame.score * 100);
  grid.prepend(card);
  mark(card, frame.favourite);
  return card;
}

const strip = film(one("#timeline"), one("#scrub"), add);
for (const card of cards()) card.classList.toggle("loved", isLiked(card));
stopAt(cards()[0]);
strip.ticks(marks());
