// The cover that is being worked on, with every step that led to it.

const TOGETHER_MS = 700;
const DEEPEST = 200;

export const USUAL = {
  frame: "", text: "", preset: "youtube", format: "jpeg", template: "auto", font: "", colour: "", text_colour: "",
  position: "", size: 0, case: "auto", outline: "", fill: "mirror", look: "", background: "", seed: 0,
};

/** `changed(design)` is called after every change, also by undo and redo. */
export function designing(first, changed) {
  let now = { ...first };
  const [past, future] = [[], []];
  let lastKey = "";
  let lastAt = 0;

  function set(next) {
    now = next;
    changed(now);
  }

  return {
    get now() {
      return now;
    },
    get canUndo() {
      return past.length > 0;
    },
    get canRedo() {
      return future.length > 0;
    },
    /** Changes of the same fields in quick succession, as while typing or dragging, are one step. */
    change(fields) {
      if (Object.entries(fields).every(([name, value]) => now[name] === value)) return;
      const key = Object.keys(fields).join();
      const at = performance.now();
      if (key !== lastKey || at - lastAt > TOGETHER_MS) past.push(now);
      if (past.length > DEEPEST) past.shift();
      future.length = 0;
      [lastKey, lastAt] = [key, at];
      set({ ...now, ...fields });
    },
    undo() {
      if (!past.length) return;
      future.push(now);
      lastKey = "";
      set(past.pop());
    },
    redo() {
      if (!future.length) return;
      past.push(now);
      lastKey = "";
      set(future.pop());
    },
  };
}

/** A draft of the server's as a design: fields that are no longer there are left behind. */
export function designOf(...sources) {
  const found = { ...USUAL };
  for (const source of sources) {
    for (const name of Object.keys(USUAL)) {
      const value = source[name];
      if (value === undefined || value === null || value === "null") continue;
      found[name] = typeof USUAL[name] === "number" ? Number(value) || 0 : String(value);
    }
  }
  return found;
}
