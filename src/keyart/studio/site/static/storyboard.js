// The film strip: tiles of the storyboard sheets, by time (WebVTT with #xywh, as players read it).

/** `[{ start, end, url, x, y, width, height }]`, empty where there is no storyboard. */
export async function storyboard(address) {
  const answer = await fetch(address);
  if (!answer.ok) return [];
  const tiles = [];
  let span = null;
  for (const line of (await answer.text()).split(/\r?\n/)) {
    const times = line.match(/^(\S+) --> (\S+)/);
    if (times) span = times.slice(1, 3).map(seconds);
    const box = line.match(/^(.+)#xywh=(\d+),(\d+),(\d+),(\d+)$/);
    if (!box || !span) continue;
    const [x, y, width, height] = box.slice(2).map(Number);
    tiles.push({ start: span[0], end: span[1], url: new URL(box[1], answer.url).href, x, y, width, height });
  }
  return tiles;
}

function seconds(text) {
  return text.split(":").reduce((sum, piece) => sum * 60 + Number(piece), 0);
}

export function tileAt(tiles, time) {
  return tiles.find((tile) => time < tile.end) ?? tiles.at(-1);
}

const sheets = new Map();

/** Width and height of a sheet, once it is loaded. */
function sheet(url) {
  if (!sheets.has(url)) {
    const image = Object.assign(new Image(), { src: url });
    sheets.set(url, image.decode().then(() => [image.naturalWidth, image.naturalHeight]));
  }
  return sheets.get(url);
}

/** Show a tile in an element so that it covers `width` x `height` CSS pixels from its middle. */
export async function paint(element, tile, width, height) {
  const scale = Math.max(width / tile.width, height / tile.height);
  const [whole, tall] = await sheet(tile.url);
  const left = tile.x * scale + (tile.width * scale - width) / 2;
  const top = tile.y * scale + (tile.height * scale - height) / 2;
  Object.assign(element.style, {
    width: `${width}px`,
    height: `${height}px`,
    backgroundImage: `url("${tile.url}")`,
    backgroundSize: `${whole * scale}px ${tall * scale}px`,
    backgroundPosition: `${-left}px ${-top}px`,
  });
}
