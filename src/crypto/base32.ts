// Bytes as letters and digits that people can read out and that a QR code packs
// well: Crockford's base 32, in capitals, without I, L, O and U.
import { Refusal } from '#model/refusal.ts';

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const BITS = 5;

export function toBase32(bytes: Uint8Array): string {
  let text = '';
  let held = 0;
  let count = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    count += 8;
    while (count >= BITS) {
      count -= BITS;
      text += DIGITS[(held >> count) & 31];
    }
    held &= (1 << count) - 1;
  }
  return count === 0 ? text : text + DIGITS[(held << (BITS - count)) & 31];
}

/**
 * Small letters, spaces and hyphens are taken; O is read as 0, I and L as 1.
 * @throws Refusal MALFORMED for anything else, and for spare bits that are set: one text per value.
 */
export function fromBase32(text: string): Uint8Array {
  const bytes: number[] = [];
  let held = 0;
  let count = 0;
  for (const digit of plainBase32(text)) {
    held = (held << BITS) | DIGITS.indexOf(digit);
    count += BITS;
    if (count < 8) continue;
    count -= 8;
    bytes.push(held >> count);
    held &= (1 << count) - 1;
  }
  if (count >= BITS || held !== 0) throw malformed();
  return new Uint8Array(bytes);
}

/** The digits alone, in the one way of writing them. @throws Refusal MALFORMED */
export function plainBase32(text: string): string {
  const plain = text.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  if (!/^[0-9A-HJKMNP-TV-Z]*$/.test(plain)) throw malformed();
  return plain;
}

function malformed(): Refusal {
  return new Refusal(
    'MALFORMED',
    'The text has letters or digits that do not belong: read it again.',
  );
}
