// The whole video as a film: a tile under the pointer, and a dialog to find one moment in it.

import { part } from "./dom.js";
import { paint, storyboard, tileAt } from "./storyboard.js";
import { trouble } from "./toast.js";
import { clock } from "./words.js";

const PEEK_PX = [208, 117];
const FRAME_SECONDS = 1 / 25;

/** `take(seconds)` is called with the moment that the user takes. Returns `{ ticks }`. */
export function film(section, dialog, take) {
  const end = Number(section.dataset.seconds);
  const strip = part(section, "film");
  const peek = part(section, "peek");
  const [tiles, shownTile] = [storyboard(section.dataset.storyboard), part(dialog, "tile")];
  const [video, place, said] = [part(dialog, "video"), part(dialog, "place"), part(dialog, "time")];

  async function lay() {
    const found = await tiles;
    if (!found.length) return;
    const { width, height } = strip.getBoundingClientRect();
    const shape = found[0].width / found[0].height;
    const count = Math.max(4, Math.round(width / (height * shape)));
    const each = width / count;
    const row = Array.from({ length: count }, () => document.createElement("span"));
    part(section, "tiles").replaceChildren(...row);
    row.forEach((span, at) => paint(span, tileAt(found, ((at + 0.5) / count) * end), each, height));
  }

  const timeAt = (event) => {
    const box = strip.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * end;
  };

  strip.addEventListener("pointermove", async (event) => {
    if (event.pointerType === "touch") return;
    const time = timeAt(event);
    const tile = tileAt(await tiles, time);
    if (!tile) return;
    peek.hidden = false;
    const half = PEEK_PX[0] / 2;
    const width = strip.clientWidth;
    peek.style.left = `${Math.min(width - half, Math.max(half, (time / end) * width))}px`;
    paint(peek.firstElementChild, tile, ...PEEK_PX);
    peek.lastElementChild.textContent = clock(time, 1);
  });
  strip.addEventListener("pointerleave", () => (peek.hidden = true));
  strip.addEventListener("click", (event) => open(event.detail ? timeAt(event) : 0));

  // --- the dialog -----------------------------------------------------------------------------------------------------

  let plays = true;
  let wanted = 0;

  function open(time) {
    peek.hidden = true;
    if (!video.src) video.src = video.dataset.src;
    dialog.showModal();
    place.focus();
    go(time);
  }

  function go(time) {
    wanted = Math.min(end, Math.max(0, time));
    place.value = wanted;
    place.setAttribute("aria-valuetext", clock(wanted, 2));
    said.textContent = clock(wanted, 2);
    if (plays && !video.seeking) video.currentTime = wanted;
    showTile(!plays || video.readyState < 2 || video.seeking);
  }

  async function showTile(visible) {
    shownTile.hidden = !visible;
    const tile = visible && tileAt(await tiles, wanted);
    if (!tile) return;
    const { width, height } = dialog.firstElementChild.getBoundingClientRect();
    const scale = Math.min(width / tile.width, height / tile.height);
    paint(shownTile, tile, tile.width * scale, tile.height * scale);
  }

  video.addEventListener("seeked", () => {
    if (Math.abs(video.currentTime - wanted) > 0.001) video.currentTime = wanted;
    else showTile(false);
  });
  video.addEventListener("loadeddata", () => go(wanted));
  video.addEventListener("error", () => {
    plays = false;
    part(dialog, "no-play").hidden = false;
    showTile(true);
  });
  place.addEventListener("input", () => go(Number(place.value)));
  place.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageUp: 25, PageDown: -25 }[event.key];
    if (!by) return;
    event.preventDefault();
    go(wanted + by * (event.shiftKey ? 25 : 1) * FRAME_SECONDS);
  });
  part(dialog, "less").addEventListener("click", () => go(wanted - FRAME_SECONDS));
  part(dialog, "more").addEventListener("click", () => go(wanted + FRAME_SECONDS));
  part(dialog, "close").addEventListener("click", () => dialog.close());
  part(dialog, "take").addEventListener("click", async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    try {
      await take(Math.round(wanted * 1000) / 1000);
      dialog.close();
    } catch (error) {
      trouble(error);
    } finally {
      button.disabled = false;
    }
  });

  const watching = new ResizeObserver(lay);
  watching.observe(strip);

  return {
    /** Where the frames stand that were found. */
    ticks(marks) {
      const made = marks.map(({ seconds, liked }) => {
        const tick = document.createElement("i");
        tick.classList.toggle("loved", liked);
        tick.style.left = `${(100 * seconds) / end}%`;
        return tick;
      });
      part(section, "ticks").replaceChildren(...made);
    },
  };
}
