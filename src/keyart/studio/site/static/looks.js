// A frame in another look, on another background: tiles are tried on request, the large picture follows.

import { json } from "./api.js";
import { all, one, press } from "./dom.js";
import { trouble } from "./toast.js";
import { maybe, say } from "./words.js";

const video = one("[data-video]").dataset.video;
const here = `/api/videos/${video}`;
const table = one("#looks");
const shown = one("#shown");
const line = one("#looks-line");
const compare = one("#compare");
const TRIED_AT_ONCE = 3;
/** Key of frame, look, background and seed -> address of the picture, or a promise of it. */
const made = new Map();
const frames = all("#favourites [data-frame]");

let frame = frames[0];
let chosen = { look: "", background: "", seed: 0 };
let turn = 0;

const keyOf = (id, wish) => `${id}|${wish.look}|${wish.background}|${wish.seed}`;

for (const one of JSON.parse(table.dataset.variants)) {
  const own = one.frame || frames.find((button) => button.dataset.rank === String(one.rank))?.dataset.frame;
  if (own && !made.has(keyOf(own, one))) made.set(keyOf(own, one), one.url);
}

/** The address of the picture, made now where nobody has made it yet. */
async function picture(wish, button = frame) {
  if (!wish.look && !wish.background) return button.dataset.picture;
  const key = keyOf(button.dataset.frame, wish);
  if (!made.has(key)) {
    const asked = json("POST", `${here}/variants`, { body: { frame: button.dataset.frame, ...wish } }).then((done) => done.url);
    made.set(key, asked);
    asked.then((url) => made.set(key, url)).catch(() => made.delete(key));
  }
  return made.get(key);
}

async function show() {
  const mine = ++turn;
  shown.classList.add("waiting");
  line.textContent = say("looks.making");
  try {
    const address = await picture(chosen);
    if (mine !== turn) return;
    const image = one("img", shown);
    image.src = address;
    await image.decode().catch(() => null);
    if (chosen.look || chosen.background) putOnTile(address);
  } catch (error) {
    trouble(error);
  }
  if (mine !== turn) return;
  shown.classList.remove("waiting");
  line.textContent = "";
  const names = ["look", "background"].filter((kind) => chosen[kind]).map((kind) => maybe(`${kind}.${chosen[kind]}`, chosen[kind]));
  compare.hidden = !names.length;
  press(compare, false);
  one("#named").textContent = names.join(" · ") || say("looks.original");
  const wish = new URLSearchParams({ frame: frame.dataset.frame, ...chosen });
  one("#use").href = `/videos/${video}/text?${wish}`;
}

/** A picture with one thing changed is what the tile of that thing stands for. */
function putOnTile(address) {
  const kind = chosen.look && chosen.background ? null : chosen.look ? "look" : "background";
  const tile = kind && tileOf(kind, chosen[kind]);
  if (tile) paint(tile, address);
}

const tileOf = (kind, name) => one(`[data-kind="${kind}"] [data-name="${name}"]`);

function paint(tile, address) {
  const image = one("img", tile);
  image.src = address;
  image.hidden = false;
}

/** Tiles show this frame: what is there at once, the first few looks as they are made, the rest when asked for. */
async function fill() {
  const mine = frame;
  for (const kind of ["look", "background"]) {
    for (const tile of all(`[data-kind="${kind}"] .tile-of`)) {
      const wish = { look: "", background: "", seed: 0, [kind]: tile.dataset.name };
      const there = tile.dataset.name ? made.get(keyOf(frame.dataset.frame, wish)) : frame.dataset.small;
      if (typeof there === "string") paint(tile, there);
      else one("img", tile).hidden = true;
    }
  }
  const first = all('[data-kind="look"] .tile-of').slice(1, 1 + TRIED_AT_ONCE);
  for (const tile of first) {
    if (!one("img", tile).hidden) continue;
    tile.setAttribute("aria-busy", "true");
    const address = await picture({ look: tile.dataset.name, background: "", seed: 0 }, mine).catch(() => null);
    tile.removeAttribute("aria-busy");
    if (mine !== frame) return;
    if (address) paint(tile, address);
  }
}

for (const list of all(".tiles-of")) {
  list.addEventListener("click", (event) => {
    const tile = event.target.closest(".tile-of");
    if (!tile) return;
    chosen = { ...chosen, [list.dataset.kind]: tile.dataset.name, seed: 0 };
    for (const other of all(".tile-of", list)) press(other, other === tile);
    show();
  });
}
for (const button of frames) {
  button.addEventListener("click", () => {
    frame = button;
    for (const other of frames) press(other, other === button);
    fill();
    show();
  });
}
one("#another").addEventListener("click", () => {
  if (!chosen.look && !chosen.background) return;
  chosen = { ...chosen, seed: chosen.seed + 1 };
  show();
});
compare.addEventListener("click", async () => {
  const before = compare.getAttribute("aria-pressed") === "false";
  press(compare, before);
  one("img", shown).src = before ? frame.dataset.picture : await picture(chosen);
});

fill();
show();
