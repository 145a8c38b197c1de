/* The check character that our own printed codes end in: ISO/IEC 7064, MOD 37,36, as in mes/core/check_character.py. */

const SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

export function checkCharacter(text) {
  let product = 36;
  Array.from(text).forEach((sign) => { product = (((product + SIGNS.indexOf(sign)) % 36 || 36) * 2) % 37; });
  return SIGNS[(37 - product) % 36];
}
export function isWhole(code) { return /^[0-9A-Z]{2,}$/.test(code) && checkCharacter(code.slice(0, -1)) === code.slice(-1); }
