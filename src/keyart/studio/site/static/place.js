// The headline's place on the picture: a frame round it that is dragged, or moved with the arrow keys.

const STEP_PERCENT = 1;
const FAR_PERCENT = 5;

const within = (percent) => Math.round(10 * Math.min(98, Math.max(2, percent))) / 10;

/** `moved({ x, y })` in percent of the cover. Returns `{ put(box, width, height), hide() }`; boxes in cover pixels. */
export function placing(grip, cover, moved) {
  let middle = { x: 50, y: 50 };
  let held = null;

  function put([x, y, width, height], wide, tall) {
    middle = { x: (100 * (x + width / 2)) / wide, y: (100 * (y + height / 2)) / tall };
    if (held) return; // the hand is ahead of the picture
    grip.hidden = false;
    const pad = 1.2;
    Object.assign(grip.style, {
      left: `${(100 * x) / wide - pad}%`,
      top: `${(100 * y) / tall - pad}%`,
      width: `${(100 * width) / wide + 2 * pad}%`,
      height: `${(100 * height) / tall + 2 * pad}%`,
      transform: "",
    });
  }

  grip.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    grip.focus();
    grip.setPointerCapture(event.pointerId);
    held = { x: event.clientX, y: event.clientY, from: { ...middle } };
    grip.classList.add("held");
  });
  grip.addEventListener("pointermove", (event) => {
    if (!held) return;
    const box = cover.getBoundingClientRect();
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
    if (Math.abs(dx) + Math.abs(dy) < 3) return;
    grip.style.transform = `translate(${dx}px, ${dy}px)`;
    moved({ x: within(held.from.x + (100 * dx) / box.width), y: within(held.from.y + (100 * dy) / box.height) });
  });
  const letGo = () => {
    held = null;
    grip.classList.remove("held");
  };
  grip.addEventListener("pointerup", letGo);
  grip.addEventListener("pointercancel", letGo);
  grip.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!way) return;
    event.preventDefault();
    const by = event.shiftKey ? FAR_PERCENT : STEP_PERCENT;
    middle = { x: within(middle.x + way[0] * by), y: within(middle.y + way[1] * by) };
    moved(middle);
  });

  return {
    put,
    hide() {
      grip.hidden = true;
    },
    get isHeld() {
      return held !== null;
    },
  };
}
