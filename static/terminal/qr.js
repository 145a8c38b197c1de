/* Reads a QR code (ISO/IEC 18004) out of a picture, for browsers that have no reader of their own: find the three corners,
 * lay a grid over them, correct errors, read the text. Versions 1 to 20; not mirrored, not kanji. */

import { correct } from "./qr_blocks.js";

const ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const MOST_TRIPLES = 12;
const LARGEST = 20;
const TILTS = [-0.18, -0.12, -0.06, 0, 0.06, 0.12, 0.18].flatMap((a) => [-0.18, -0.12, -0.06, 0, 0.06, 0.12, 0.18].map((b) => [a, b]))
  .sort((one, two) => Math.hypot(...one) - Math.hypot(...two));

/* Black where it is darker than around it: light falls unevenly. */
function blacken(data, width, height) {
  const gray = new Uint8Array(width * height);
  const sums = new Float64Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y += 1) {
    let row = 0;
    for (let x = 0; x < width; x += 1) {
      const at = (y * width + x) * 4;
      const value = (data[at] * 77 + data[at + 1] * 150 + data[at + 2] * 29) >> 8;
      gray[y * width + x] = value;
      row += value;
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + row;
    }
  }
  const reach = Math.max(12, Math.round(Math.max(width, height) / 10));
  const black = new Uint8Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const top = Math.max(0, y - reach);
    const end = Math.min(height, y + reach + 1);
    for (let x = 0; x < width; x += 1) {
      const left = Math.max(0, x - reach);
      const right = Math.min(width, x + reach + 1);
      const sum = sums[end * (width + 1) + right] - sums[top * (width + 1) + right] - sums[end * (width + 1) + left] + sums[top * (width + 1) + left];
      black[y * width + x] = gray[y * width + x] * (end - top) * (right - left) < sum * 0.9 ? 1 : 0;
    }
  }
  return { black, width, height, is: (x, y) => (x >= 0 && y >= 0 && x < width && y < height ? black[Math.floor(y) * width + Math.floor(x)] : 0) };
}

function isFinder(runs) {
  const one = (runs[0] + runs[1] + runs[2] + runs[3] + runs[4]) / 7;
  if (one < 1) { return 0; }
  const loose = one * 0.6;
  const fits = [0, 1, 3, 4].every((at) => Math.abs(runs[at] - one) < loose) && Math.abs(runs[2] - 3 * one) < 3 * loose;
  return fits ? one : 0;
}
/* From a point within the middle of a corner along one direction: how long its five runs are, and where its middle is. */
function across(image, x, y, dx, dy) {
  const runs = [0, 0, 0, 0, 0];
  const ends = [];
  for (const way of [-1, 1]) {
    let at = way < 0 ? 0 : 1;
    let part = 2;
    let color = 1;
    const limit = image.width + image.height;
    for (; at < limit; at += 1) {
      const px = x + way * at * dx;
      const py = y + way * at * dy;
      if (px < 0 || py < 0 || px >= image.width || py >= image.height) { break; }
      if (image.is(px, py) !== color) {
        if (part === 2) { ends.push(at); }
        part += way;
        color = 1 - color;
        if (part < 0 || part > 4) { break; }
      }
      runs[part] += 1;
    }
    if (part === 2) { return null; }
  }
  const one = isFinder(runs);
  return one ? { one, shift: (ends[1] - ends[0]) / 2 } : null;
}
function corners(image) {
  const found = [];
  const keep = (x, y, one) => {
    const near = found.find((other) => Math.abs(other.x - x) < other.one * 3 && Math.abs(other.y - y) < other.one * 3);
    if (near) {
      near.x = (near.x * near.n + x) / (near.n + 1);
      near.y = (near.y * near.n + y) / (near.n + 1);
      near.one = (near.one * near.n + one) / (near.n + 1);
      near.n += 1;
    } else { found.push({ x, y, one, n: 1 }); }
  };
  for (let y = 0; y < image.height; y += 2) {
    let runs = [0, 0, 0, 0, 0];
    let color = 0;
    for (let x = 0; x <= image.width; x += 1) {
      const now = x < image.width ? image.black[y * image.width + x] : 1 - color;
      if (now === color) { runs[4] += 1; continue; }
      if (color === 1 && isFinder(runs)) {
        const middle = x - runs[4] - runs[3] - runs[2] / 2;
        const up = across(image, middle, y, 0, 1);
        const side = up && across(image, middle, y + up.shift, 1, 0);
        if (side) { keep(middle + side.shift, y + up.shift, (up.one + side.one) / 2); }
      }
      runs = [runs[1], runs[2], runs[3], runs[4], 1];
      color = now;
    }
  }
  return found.sort((a, b) => b.n - a.n).slice(0, 10);
}

const far = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
/* Which three may be the corners of one code, the likeliest first: [top left, top right, bottom left]. */
function triples(found) {
  const all = [];
  for (let i = 0; i < found.length; i += 1) {
    for (let j = i + 1; j < found.length; j += 1) {
      for (let k = j + 1; k < found.length; k += 1) {
        const [a, b, c] = [found[i], found[j], found[k]];
        // The corner between the two short sides is the top left one.
        const [first, second, third] = [[far(b, c), a, b, c], [far(a, c), b, a, c], [far(a, b), c, a, b]].sort((one, two) => two[0] - one[0])[0].slice(1);
        const turn = (second.x - first.x) * (third.y - first.y) - (second.y - first.y) * (third.x - first.x);
        const [right, left] = turn > 0 ? [second, third] : [third, second];
        const sides = [far(first, right), far(first, left)];
        const sizes = [a.one, b.one, c.one];
        const uneven = Math.abs(sides[0] - sides[1]) / Math.max(...sides) + Math.abs(far(right, left) / Math.hypot(...sides) - 1) + (Math.max(...sizes) / Math.min(...sizes) - 1);
        all.push({ uneven, corners: [first, right, left] });
      }
    }
  }
  return all.sort((a, b) => a.uneven - b.uneven).slice(0, MOST_TRIPLES).map((one) => one.corners);
}

/* The projection that takes four points of the grid to four points of the picture. */
function project(from, to) {
  const rows = [];
  from.forEach(([u, v], at) => {
    const { x, y } = to[at];
    rows.push([u, v, 1, 0, 0, 0, -u * x, -v * x, x], [0, 0, 0, u, v, 1, -u * y, -v * y, y]);
  });
  for (let column = 0; column < 8; column += 1) {
    let best = column;
    for (let row = column + 1; row < 8; row += 1) { if (Math.abs(rows[row][column]) > Math.abs(rows[best][column])) { best = row; } }
    [rows[column], rows[best]] = [rows[best], rows[column]];
    if (Math.abs(rows[column][column]) < 1e-9) { return null; }
    for (let row = 0; row < 8; row += 1) {
      if (row === column) { continue; }
      const part = rows[row][column] / rows[column][column];
      for (let at = column; at < 9; at += 1) { rows[row][at] -= part * rows[column][at]; }
    }
  }
  const [a, b, c, d, e, f, g, h] = rows.map((row, at) => row[8] / row[at]);
  return (u, v) => {
    const by = g * u + h * v + 1;
    return { x: (a * u + b * v + c) / by, y: (d * u + e * v + f) / by };
  };
}
/* The small square near the fourth corner, which shows how the picture is tilted. */
function alignment(image, size, grid) {
  const at = size - 6.5;
  let best = null;
  for (let v = at - 3; v <= at + 3; v += 0.25) {
    for (let u = at - 3; u <= at + 3; u += 0.25) {
      let fits = 0;
      for (let dy = -2; dy <= 2; dy += 1) {
        for (let dx = -2; dx <= 2; dx += 1) {
          const point = grid(u + dx, v + dy);
          const ring = Math.max(Math.abs(dx), Math.abs(dy));
          fits += image.is(point.x, point.y) === (ring === 1 ? 0 : 1) ? 1 : 0;
        }
      }
      const away = Math.hypot(u - at, v - at);
      if (fits >= 23 && (!best || fits > best.fits || (fits === best.fits && away < best.away))) { best = { fits, away, point: grid(u, v) }; }
    }
  }
  return best && best.point;
}
function sample(image, size, grid) {
  const matrix = [];
  for (let row = 0; row < size; row += 1) {
    matrix.push([]);
    for (let column = 0; column < size; column += 1) {
      const point = grid(column + 0.5, row + 0.5);
      matrix[row].push(image.is(point.x, point.y));
    }
  }
  return matrix;
}

class Bits {
  constructor(bytes) { this.bytes = bytes; this.at = 0; }
  get left() { return this.bytes.length * 8 - this.at; }
  take(n) {
    let value = 0;
    for (let i = 0; i < n; i += 1, this.at += 1) { value = (value << 1) | ((this.bytes[this.at >> 3] >> (7 - (this.at & 7))) & 1); }
    return value;
  }
}
function textOf(bytes) {
  try { return new TextDecoder("utf-8", { fatal: true }).decode(bytes); } catch (latin) { return new TextDecoder("iso-8859-1").decode(bytes); }
}
function readSegments(bytes, version) {
  const bits = new Bits(bytes);
  const group = version < 10 ? 0 : 1;
  let text = "";
  let gs1 = false;
  while (bits.left >= 4) {
    const mode = bits.take(4);
    if (mode === 0) { break; }
    if (mode === 1) {
      let n = bits.take([10, 12][group]);
      for (; n >= 3; n -= 3) { text += String(bits.take(10)).padStart(3, "0"); }
      if (n) { text += String(bits.take(n === 2 ? 7 : 4)).padStart(n, "0"); }
    } else if (mode === 2) {
      let part = "";
      let n = bits.take([9, 11][group]);
      for (; n >= 2; n -= 2) {
        const two = bits.take(11);
        part += ALPHANUMERIC[Math.floor(two / 45)] + ALPHANUMERIC[two % 45];
      }
      if (n) { part += ALPHANUMERIC[bits.take(6)]; }
      text += gs1 ? part.replace(/%%|%/g, (sign) => (sign === "%%" ? "%" : "\x1d")) : part;
    } else if (mode === 4) {
      const n = bits.take([8, 16][group]);
      if (n * 8 > bits.left) { return null; }
      text += textOf(Uint8Array.from({ length: n }, () => bits.take(8)));
    } else if (mode === 5) { gs1 = true; }
    else if (mode === 7) { bits.take(bits.take(1) ? (bits.take(1) ? 22 : 14) : 7); }
    else { return null; }
  }
  return (gs1 ? "]Q3" : "") + text;
}

/* matrix[row][column] is 1 where it is black; returns the text, or null. */
export function decodeMatrix(matrix) {
  const found = correct(matrix);
  return found && readSegments(found.bytes, found.version);
}

/* picture: ImageData; returns the text of a QR code in it, or null. */
export function readQr(picture) {
  const image = blacken(picture.data, picture.width, picture.height);
  const found = triples(corners(image));
  for (const [nth, [top, right, left]] of found.entries()) {
    // Runs that are cut at an angle are longer than the squares are.
    const along = Math.max(Math.abs(right.x - top.x), Math.abs(right.y - top.y)) / far(top, right);
    const one = ((top.one + right.one + left.one) / 3) * along;
    const guess = Math.round(((far(top, right) + far(top, left)) / 2 / one + 7 - 17) / 4);
    for (const version of [guess, guess - 1, guess + 1]) {
      if (version < 1 || version > LARGEST) { continue; }
      const size = 17 + 4 * version;
      const ends = [[3.5, 3.5], [size - 3.5, 3.5], [3.5, size - 3.5]];
      const from = [top, right, left];
      const flatly = (a, b) => ({ x: right.x + left.x - top.x + a * (right.x - top.x) + b * (left.x - top.x), y: right.y + left.y - top.y + a * (right.y - top.y) + b * (left.y - top.y) });
      const flat = project(ends.concat([[size - 3.5, size - 3.5]]), from.concat([flatly(0, 0)]));
      const small = flat && version > 1 && alignment(image, size, flat);
      const grids = [flat];
      if (small) { grids.unshift(project(ends.concat([[size - 6.5, size - 6.5]]), from.concat([small]))); }
      // A small code has no square that shows how it is tilted: which tilt it is shows when it can be read.
      else if (version < 4 && nth < 3) {
        TILTS.forEach(([a, b]) => grids.push(project(ends.concat([[size - 3.5, size - 3.5]]), from.concat([flatly(a, b)]))));
      }
      for (const grid of grids) {
        const text = grid && decodeMatrix(sample(image, size, grid));
        if (text) { return text; }
      }
    }
  }
  return null;
}
