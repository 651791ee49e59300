// The words of the page's language, its numbers and plurals; the same files that the server speaks from.

export const language = document.querySelector('meta[name="language"]').content;

const words = await (await fetch(new URL(`words/${language}.json`, import.meta.url))).json();
const plurals = new Intl.PluralRules(language);
const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });

export const number = (value) => whole.format(value);

export function say(key, values = {}) {
  let found = words[key];
  if (typeof found === "object") found = found[plurals.select(values.n)] ?? found.many;
  return found.replace(/\{(\w+)\}/g, (_, name) => (typeof values[name] === "number" ? number(values[name]) : values[name]));
}

/** A word that may be missing: a thing that a later version added keeps its own name. */
export const maybe = (key, otherwise) => (typeof words[key] === "string" ? words[key] : otherwise);

/** 0:13; with `digits`, 0:13.48. */
export function clock(seconds, digits = 0) {
  const scale = 10 ** digits;
  const cut = Math.floor(Math.max(0, seconds) * scale + 1e-6) / scale;
  const [hours, minutes, rest] = [Math.floor(cut / 3600), Math.floor(cut / 60) % 60, (cut % 60).toFixed(digits)];
  const padded = rest.padStart(digits ? 3 + digits : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${padded}` : `${minutes}:${padded}`;
}

export function size(bytes) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  let at = 0;
  while (bytes >= 999.5 && at < units.length - 1) [bytes, at] = [bytes / 1000, at + 1];
  return `${number(at > 1 && bytes < 99.5 ? bytes : Math.round(bytes))}\u00a0${words[`unit.${units[at]}`]}`;
}

export function duration(seconds) {
  const all = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(all / 3600), Math.floor(all / 60) % 60];
  const parts = [[hours, "hour"], [minutes, "minute"], [hours ? 0 : all % 60, "second"]].filter(([count]) => count);
  return parts.map(([count, unit]) => `${count}\u00a0${words[`unit.${unit}`]}`).join(" ") || `0\u00a0${words["unit.second"]}`;
}
