// A video's own page while it is worked on; it opens by itself when the package is there.

import { one } from "./dom.js";
import { follow } from "./progress.js";

const making = one("#making");
follow(making, { onDone: () => location.replace(`/videos/${making.dataset.id}/frames`) });
