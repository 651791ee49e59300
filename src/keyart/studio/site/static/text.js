// The editor: controls change the design, every change is drawn and kept as a draft.

import { ask, json } from "./api.js";
import { designOf, designing } from "./design.js";
import { all, one, part, press, settled } from "./dom.js";
import { placing } from "./place.js";
import { previews } from "./preview.js";
import { trouble } from "./toast.js";
import { maybe, number, say, size as bytes } from "./words.js";

const here = `/api/videos/${one("[data-video]").dataset.video}`;
const editor = one("#editor");
const [canvas, cover, line] = [one("#canvas"), one("#cover"), one("#editor-line")];
const presets = new Map(all("#preset option").map((option) => [option.value, JSON.parse(option.dataset.facts)]));
const frames = all("#frames [data-frame]");
let facts = {};

// --- design -> picture ------------------------------------------------------------------------------------------------

const asked = Object.fromEntries(new URLSearchParams(location.search));
const draft = JSON.parse(editor.dataset.draft);
const first = designOf({ frame: editor.dataset.firstFrame, text: editor.dataset.firstText }, draft, asked);
if (first.frame.length < 32 && !frames.some((button) => button.dataset.frame === first.frame)) first.frame = editor.dataset.firstFrame; // it was taken away
const design = designing(first, (now) => {
  reflect(now);
  draw(now);
  keep(now);
});

const refresh = previews(`${here}/preview`, {
  busy: (working) => canvas.classList.toggle("busy", working),
  fail(error) {
    line.textContent = error.message;
    line.classList.add("bad");
  },
  async show(address, found, drawn) {
    facts = found;
    const image = Object.assign(new Image(), { src: address });
    await image.decode();
    for (const shown of [one("#preview"), ...all("[data-feed]")]) shown.src = address;
    shape(presets.get(drawn.preset));
    if (found.text_box) grip.put(found.text_box, image.naturalWidth, image.naturalHeight);
    else grip.hide();
    remark(drawn);
    editor.dataset.drawn = JSON.stringify(drawn);
  },
});
const draw = settled(60, () => refresh(design.now));
const keep = settled(800, (now) => ask("PUT", `${here}/draft`, { body: now }).catch(trouble));

/** What had to be done otherwise than wished, in the user's language. */
function remark(drawn) {
  const said = [];
  const used = maybe(`template.${facts.template}`, facts.template);
  if (drawn.text.trim() && facts.template === "none" && drawn.template !== "none") said.push(say("text.no_room"));
  else if (!["auto", "none", facts.template].includes(drawn.template)) said.push(say("text.other_template", { name: used }));
  if (facts.notes?.some((note) => note.startsWith("the wished position"))) said.push(say("text.no_place"));
  if (facts.notes?.some((note) => note.startsWith("headline cut"))) said.push(say("text.cut"));
  if (facts.readable === false) said.push(say("text.hard"));
  line.textContent = said.join(" ");
  line.classList.remove("bad");
}

function shape(preset) {
  const share = preset.width / preset.height;
  const kind = share < 0.8 ? "tall" : share < 1.2 ? "square" : "wide";
  cover.style.setProperty("--shape", share);
  one(".feeds").className = `feeds ${kind}`;
  for (const [guide, box] of [[one("#safe"), preset.safe], [one("#badge"), preset.badge]]) {
    if (!box) {
      guide.classList.add("none");
      continue;
    }
    guide.classList.remove("none");
    const [x, y, width, height] = box;
    Object.assign(guide.style, {
      left: `${(100 * x) / preset.width}%`,
      top: `${(100 * y) / preset.height}%`,
      width: `${(100 * width) / preset.width}%`,
      height: `${(100 * height) / preset.height}%`,
    });
  }
  for (const mark of all(".feed .mark")) mark.hidden = !preset.badge;
}

// --- design -> controls -----------------------------------------------------------------------------------------------

function reflect(now) {
  for (const control of all("[data-wish]")) {
    const value = now[control.dataset.wish];
    if (control.type === "radio") control.checked = control.value === value;
    else if (control.value !== value) control.value = value;
  }
  for (const button of all("[data-choice]")) press(button, now[button.dataset.choice] === button.dataset.value);
  for (const button of all("[data-headline]")) press(button, now.text === button.dataset.headline);
  for (const button of frames) press(button, now.frame === button.dataset.frame);
  for (const group of all("[data-colours]")) reflectColour(group, now[group.dataset.colours]);
  one("#preset").value = now.preset;
  one("#size-auto").checked = now.size === 0;
  if (now.size) one("#size").value = now.size;
  one("#undo").disabled = !design.canUndo;
  one("#redo").disabled = !design.canRedo;
  const [x, y] = now.position.split(",").map((text) => parseFloat(text));
  one("#where").textContent = now.position ? say("text.place_at", { x: number(x), y: number(y) }) : say("text.place_free");
  one("#free").hidden = !now.position;
  const { formats } = presets.get(now.preset);
  for (const radio of all("#format input")) {
    radio.disabled = !formats.includes(radio.value);
    radio.checked = radio.value === now.format;
  }
}

function reflectColour(group, value) {
  const own = one(".own", group);
  let isListed = false;
  for (const swatch of all("button", group)) {
    press(swatch, swatch.dataset.value === value);
    isListed ||= swatch.dataset.value === value;
  }
  own.classList.toggle("chosen", !isListed);
  own.style.setProperty("--swatch", isListed ? "" : value);
}

// --- controls -> design -----------------------------------------------------------------------------------------------

const textarea = one("#words");
for (const control of all("[data-wish]")) {
  control.addEventListener("input", () => design.change({ [control.dataset.wish]: control.value }));
}
for (const button of all("[data-headline]")) {
  button.addEventListener("click", () => design.change({ text: button.dataset.headline }));
}
for (const button of all("[data-chunk]")) {
  button.addEventListener("click", () => {
    const text = `${design.now.text.trim()} ${button.dataset.chunk}`.trim();
    design.change({ text: text[0].toUpperCase() + text.slice(1) });
    textarea.focus();
  });
}
for (const button of all("[data-choice]")) {
  button.addEventListener("click", () => design.change({ [button.dataset.choice]: button.dataset.value }));
}
for (const button of frames) {
  button.addEventListener("click", () => design.change({ frame: button.dataset.frame }));
}
for (const group of all("[data-colours]")) {
  for (const swatch of all("button", group)) {
    if (swatch.dataset.value) swatch.style.setProperty("--swatch", swatch.dataset.value);
    swatch.addEventListener("click", () => design.change({ [group.dataset.colours]: swatch.dataset.value }));
  }
  one("input", group).addEventListener("input", (event) => design.change({ [group.dataset.colours]: event.target.value }));
}
one("#preset").addEventListener("change", (event) => {
  const preset = event.target.value;
  const { formats } = presets.get(preset);
  const format = formats.includes(design.now.format) ? design.now.format : formats[0];
  design.change({ preset, format });
});
one("#format").addEventListener("change", (event) => design.change({ format: event.target.value }));
one("#size").addEventListener("input", (event) => design.change({ size: Number(event.target.value) }));
one("#size-auto").addEventListener("change", (event) => {
  const now = facts.font_px ? Math.round((200 * facts.font_px) / presets.get(design.now.preset).height) / 2 : 12;
  design.change({ size: event.target.checked ? 0 : Math.min(40, Math.max(3, now)) });
});
one("#free").addEventListener("click", () => design.change({ position: "" }));
one("#undo").addEventListener("click", design.undo);
one("#redo").addEventListener("click", design.redo);
one("#guides").addEventListener("click", (event) => {
  const visible = event.currentTarget.getAttribute("aria-pressed") === "false";
  press(event.currentTarget, visible);
  for (const guide of all(".guide")) guide.hidden = !visible;
});
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const key = event.key.toLowerCase();
  const verb = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : "";
  if (!verb) return;
  event.preventDefault();
  design[verb]();
});
const grip = placing(one("#grip"), cover, ({ x, y }) => design.change({ position: `${x}%,${y}%` }));

// --- saving -----------------------------------------------------------------------------------------------------------

const saved = one("#saved");
one("#save").addEventListener("click", async (event) => {
  const button = event.currentTarget;
  button.disabled = true;
  line.textContent = say("text.saving");
  try {
    const made = await json("POST", `${here}/covers`, { body: design.now });
    part(saved, "picture").src = made.url;
    part(saved, "facts").textContent = `${made.width}×${made.height} · ${made.format.toUpperCase()} · ${bytes(made.bytes)}`;
    part(saved, "file").href = made.url;
    one("#command").textContent = made.command;
    line.textContent = "";
    saved.showModal();
    part(saved, "file").focus();
  } catch (error) {
    line.textContent = error.message;
    line.classList.add("bad");
  } finally {
    button.disabled = false;
  }
});
part(saved, "close").addEventListener("click", () => saved.close());

if (asked.frame) history.replaceState(null, "", location.pathname);
reflect(design.now);
shape(presets.get(design.now.preset));
refresh(design.now);
