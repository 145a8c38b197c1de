/* From the squares of a QR code to its corrected bytes: format, mask, blocks, Reed-Solomon over GF(256). */

/* Check bytes of a block, and blocks, by level (L, M, Q, H) and version 1 to 20 (ISO/IEC 18004, table 9). */
const CHECKS = [
  [7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28],
  [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26],
  [13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30],
  [17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28],
];
const BLOCKS = [
  [1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8],
  [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16],
  [1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20],
  [1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25],
];
const LEVELS = [1, 0, 3, 2]; // as the two bits of the format write them: M, L, H, Q
const MASKS = [
  (i, j) => (i + j) % 2, (i) => i % 2, (i, j) => j % 3, (i, j) => (i + j) % 3,
  (i, j) => (Math.floor(i / 2) + Math.floor(j / 3)) % 2, (i, j) => ((i * j) % 2) + ((i * j) % 3),
  (i, j) => (((i * j) % 2) + ((i * j) % 3)) % 2, (i, j) => (((i + j) % 2) + ((i * j) % 3)) % 2,
];

const POWER = new Uint8Array(512);
const LOG = new Uint8Array(256);
for (let i = 0, value = 1; i < 255; i += 1) {
  POWER[i] = POWER[i + 255] = value;
  LOG[value] = i;
  value = (value << 1) ^ (value & 128 ? 0x11d : 0);
}
const times = (a, b) => (a && b ? POWER[LOG[a] + LOG[b]] : 0);
const inverse = (a) => POWER[255 - LOG[a]];
/* The polynomial's value; its lowest coefficient comes first. */
const valueAt = (terms, x) => terms.reduceRight((sum, term) => times(sum, x) ^ term, 0);

/* Mend a block in place by its last n bytes; false where more is wrong than they can mend. */
function mend(block, n) {
  const reversed = Array.from(block).reverse();
  const syndromes = Array.from({ length: n }, (_, i) => valueAt(reversed, POWER[i]));
  if (syndromes.every((one) => !one)) { return true; }
  // Berlekamp and Massey: the shortest polynomial whose roots are the places that are wrong.
  let places = [1];
  let before = [1];
  let length = 0;
  let shift = 1;
  let last = 1;
  for (let i = 0; i < n; i += 1) {
    let off = syndromes[i];
    for (let j = 1; j <= length; j += 1) { off ^= times(places[j] || 0, syndromes[i - j]); }
    if (!off) { shift += 1; continue; }
    const next = places.slice();
    const part = times(off, inverse(last));
    before.forEach((term, at) => { next[at + shift] = (next[at + shift] || 0) ^ times(part, term); });
    if (2 * length <= i) {
      before = places;
      length = i + 1 - length;
      last = off;
      shift = 1;
    } else { shift += 1; }
    places = Array.from(next, (term) => term || 0);
  }
  const wrong = [];
  for (let at = 0; at < block.length; at += 1) { if (valueAt(places, inverse(POWER[at])) === 0) { wrong.push(at); } }
  if (wrong.length !== length || 2 * length > n) { return false; }
  // Forney: by how much each is wrong.
  const values = Array.from({ length: n }, (_, i) => places.reduce((sum, term, at) => (at <= i ? sum ^ times(term, syndromes[i - at]) : sum), 0));
  for (const at of wrong) {
    const x = POWER[at];
    const root = inverse(x);
    let slope = 0;
    for (let i = 1; i < places.length; i += 2) { slope ^= times(places[i], POWER[(LOG[root] * (i - 1)) % 255]); }
    if (!slope) { return false; }
    block[block.length - 1 - at] ^= times(x, times(valueAt(values, root), inverse(slope)));
  }
  const mended = Array.from(block).reverse();
  return syndromes.every((_, i) => valueAt(mended, POWER[i]) === 0);
}

/* The 15 bits of a format, and the format they are nearest to: its level and mask, or null. */
function formatWord(data) {
  let rest = data;
  for (let i = 0; i < 10; i += 1) { rest = (rest << 1) ^ ((rest >> 9) * 0x537); }
  return ((data << 10) | rest) ^ 0x5412;
}
const FORMATS = Array.from({ length: 32 }, (_, data) => formatWord(data));
function ones(value) {
  let n = 0;
  for (let rest = value; rest; rest &= rest - 1) { n += 1; }
  return n;
}
function formatOf(matrix) {
  const size = matrix.length;
  let first = 0;
  let second = 0;
  const near = [];
  for (let i = 0; i < 6; i += 1) { near.push([i, 8]); }
  near.push([7, 8], [8, 8], [8, 7]);
  for (let i = 5; i >= 0; i -= 1) { near.push([8, i]); }
  near.forEach(([row, column], bit) => { first |= matrix[row][column] << bit; });
  for (let i = 0; i < 8; i += 1) { second |= matrix[8][size - 1 - i] << i; }
  for (let i = 8; i < 15; i += 1) { second |= matrix[size - 15 + i][8] << i; }
  let best = { off: 4, data: -1 };
  FORMATS.forEach((word, data) => {
    const off = Math.min(ones(word ^ first), ones(word ^ second));
    if (off < best.off) { best = { off, data }; }
  });
  return best.data < 0 ? null : { level: LEVELS[best.data >> 3], mask: MASKS[best.data & 7] };
}

/* Where no data is: corners, timing, alignment squares, format and version. */
function isTaken(version) {
  const size = 17 + 4 * version;
  const squares = [];
  if (version > 1) {
    const n = Math.floor(version / 7) + 2;
    const step = Math.ceil((4 * version + 4) / (2 * n - 2)) * 2;
    squares.push(6);
    for (let i = n - 2; i >= 0; i -= 1) { squares.push(size - 7 - i * step); }
  }
  const end = squares.length - 1;
  return (row, column) => {
    if (row === 6 || column === 6) { return true; }
    if ((row < 9 && (column < 9 || column >= size - 8)) || (row >= size - 8 && column < 9)) { return true; }
    if (version > 6 && ((row < 6 && column >= size - 11) || (column < 6 && row >= size - 11))) { return true; }
    const down = squares.findIndex((at) => Math.abs(at - row) < 3);
    const across = squares.findIndex((at) => Math.abs(at - column) < 3);
    if (down < 0 || across < 0) { return false; }
    return !((down === 0 && (across === 0 || across === end)) || (down === end && across === 0));
  };
}

/* matrix: rows of 1 (black) and 0; returns {version, bytes}, or null where it is no code or too damaged. */
export function correct(matrix) {
  const size = matrix.length;
  const version = (size - 17) / 4;
  const format = formatOf(matrix);
  if (!format) { return null; }
  const taken = isTaken(version);
  const bytes = [];
  let byte = 0;
  let n = 0;
  for (let right = size - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === 6) { right = 5; }
    for (let step = 0; step < size; step += 1) {
      const row = up ? size - 1 - step : step;
      for (const column of [right, right - 1]) {
        if (taken(row, column)) { continue; }
        byte = (byte << 1) | (matrix[row][column] ^ (format.mask(row, column) === 0 ? 1 : 0));
        n += 1;
        if (n === 8) {
          bytes.push(byte);
          byte = n = 0;
        }
      }
    }
  }
  const checks = CHECKS[format.level][version - 1];
  const count = BLOCKS[format.level][version - 1];
  const short = Math.floor(bytes.length / count);
  const longer = bytes.length % count;
  const blocks = Array.from({ length: count }, (_, i) => new Uint8Array(short + (i >= count - longer ? 1 : 0)));
  let at = 0;
  const put = (place) => blocks.forEach((block) => {
    const index = place(block);
    if (index >= 0) { block[index] = bytes[at]; at += 1; }
  });
  for (let i = 0; i < short + 1 - checks; i += 1) { put((block) => (i < block.length - checks ? i : -1)); }
  for (let i = 0; i < checks; i += 1) { put((block) => block.length - checks + i); }
  const read = [];
  for (const block of blocks) {
    if (!mend(block, checks)) { return null; }
    block.subarray(0, block.length - checks).forEach((one) => read.push(one));
  }
  return { version, bytes: Uint8Array.from(read) };
}
