// Takes of one scene: each is judged in turn, the best stands first.

import { json } from "./api.js";
import { all, copyOf, one, part } from "./dom.js";
import { trouble } from "./toast.js";
import { maybe, number, say } from "./words.js";

const form = one("#takes");
const chosen = () => all('input[name="take"]:checked', form ?? document);

/** In the page's language; a measurement's name may end in how it was aggregated. */
function told(reason) {
  const parts = reason.feature.split("_");
  while (parts.length > 1 && !maybe(`judged.${parts.join("_")}`, "")) parts.pop();
  return maybe(`judged.${parts.join("_")}`, reason.words);
}

function shown(verdict, place) {
  const item = copyOf("verdict");
  part(item, "place").textContent = `${place}.`;
  part(item, "name").textContent = verdict.name;
  part(item, "name").href = `/videos/${verdict.id}`;
  part(item, "score").textContent = number(verdict.score);
  part(item, "spread").textContent = say("takes.spread", { n: verdict.uncertainty });
  part(item, "meter").value = verdict.score;
  for (const reason of verdict.reasons) {
    const line = document.createElement("li");
    const sign = reason.moved > 0 ? "+" : "−";
    line.textContent = `${sign}${number(Math.abs(reason.moved))} ${told(reason)}`;
    part(item, "reasons").append(line);
  }
  part(item, "note").textContent = verdict.worst_pairs.map((pair) => say("takes.worst", { at: number(pair.at) })).join(" · ");
  if (verdict.strip) {
    part(item, "strip").src = `${verdict.strip}?${Date.now()}`;
    part(item, "strip").hidden = false;
  }
  return item;
}

async function judge(event) {
  event.preventDefault();
  const button = one("#judge");
  const wanted = chosen();
  const verdicts = [];
  button.disabled = true;
  for (const [at, take] of wanted.entries()) {
    one("#line").textContent = say("takes.looking", { name: take.dataset.name, at: at + 1, all: wanted.length });
    try {
      const body = { prompt: one("#prompt").value };
      verdicts.push(await json("POST", `/api/videos/${take.value}/judgement`, { body }));
    } catch (error) {
      trouble(error);
    }
    verdicts.sort((a, b) => b.score - a.score);
    one("#verdicts").replaceChildren(...verdicts.map((verdict, place) => shown(verdict, place + 1)));
  }
  one("#line").textContent = "";
  button.disabled = false;
}

form?.addEventListener("change", () => {
  one("#judge").disabled = !chosen().length;
});
form?.addEventListener("submit", judge);
