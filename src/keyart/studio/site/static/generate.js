// Pictures drawn from words, where a model for it is installed.

import { json } from "./api.js";
import { copyOf, one } from "./dom.js";
import { trouble } from "./toast.js";
import { say } from "./words.js";

const video = one("[data-video]").dataset.video;
const form = one("#generate");
const line = one("#generate-line");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const wish = {
    prompt: one("#prompt").value.trim(),
    negative: one("#negative").value.trim(),
    seed: Number(one("#seed").value) || 0,
    count: Number(new FormData(form).get("count")),
    engine: form.dataset.engine,
  };
  one("#draw").disabled = true;
  line.textContent = say("generate.drawing");
  try {
    const { pictures } = await json("POST", `/api/videos/${video}/images`, { body: wish });
    for (const picture of pictures) one("#images").prepend(card(picture));
    line.textContent = "";
  } catch (error) {
    line.textContent = error.message;
    trouble(error);
  } finally {
    one("#draw").disabled = false;
  }
});

function card(picture) {
  const made = copyOf("image");
  one("a", made).href = `/videos/${video}/text?frame=${picture.id}`;
  one("img", made).src = picture.url;
  return made;
}
