// What is said leads to where it is said; one player at a time is heard.

import { all } from "./dom.js";

const players = all(".players video");

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-seek]");
  if (!button) return;
  players[0].currentTime = Number(button.dataset.seek);
  players[0].play();
  players[0].scrollIntoView({ block: "center", behavior: "smooth" });
});
for (const player of players) {
  player.addEventListener("play", () => players.filter((other) => other !== player).forEach((other) => other.pause()));
}
