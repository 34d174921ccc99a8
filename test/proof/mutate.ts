// Makes the wrong out of the right: bytes, text and JSON, changed here and
// there as damage and malice change them.
import type { Random } from './random.ts';

const BYTES_MAX = 400_000;
const EDGES = [0, 1, 0x7f, 0x80, 0xfe, 0xff];

/** One to eight changes; `others` are whole inputs from which pieces are taken. */
export function mutateBytes(
  random: Random,
  bytes: Uint8Array,
  others: readonly Uint8Array[] = [bytes],
): Uint8Array {
  let now: Uint8Array = Uint8Array.from(bytes);
  for (let left = random.between(1, 8); left > 0; left -= 1) now = changed(random, now, others);
  return now.subarray(0, BYTES_MAX);
}

function changed(random: Random, bytes: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  const at = random.between(0, bytes.length);
  const length = Math.min(random.pick([1, 1, 2, 4, 16, 256, 4096]), bytes.length - at);
  const [before, rest] = [bytes.subarray(0, at), bytes.subarray(at)];
  const after = rest.subarray(length);
  switch (random.between(0, 7)) {
    case 0: {
      const flipped = Uint8Array.from(bytes);
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << random.between(0, 7));
      return flipped;
    }
    case 1:
      return joined(before, after);
    case 2:
      return joined(before, rest.subarray(0, length), rest);
    case 3:
      return joined(before, bytesOf(random, length), after);
    case 4:
      return joined(before, bytesOf(random, random.pick([1, 2, 10, 300])), rest);
    case 5:
      return before;
    case 6: {
      const other = random.pick(others);
      const from = random.between(0, other.length);
      return joined(before, other.subarray(from, from + random.between(1, 512)), after);
    }
    default:
      return joined(before, Uint8Array.of(random.pick(EDGES)), after);
  }
}

function bytesOf(random: Random, length: number): Uint8Array {
  const value = random.chance(0.5) ? random.pick(EDGES) : null;
  return Uint8Array.from({ length }, () => value ?? random.between(0, 255));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** UTF-8 or what is left of it. */
export function mutateText(random: Random, text: string): string {
  if (random.chance(0.3)) {
    const piece = random.pick(PIECES);
    const at = random.between(0, text.length);
    return text.slice(0, at) + piece + text.slice(at);
  }
  return Buffer.from(mutateBytes(random, Buffer.from(text))).toString();
}

const PIECES = [
  '\0',
  '\u{feff}',
  '"',
  '\n- ',
  '\n  ? ',
  '&a *a ',
  '!!binary ',
  '<<: ',
  '{"__proto__": {"a": 1}}',
  '[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[',
  'e308',
  '١٢٣',
  'a'.repeat(5000),
  '\r\n---\n',
  '%YAML 1.1\n',
];

/** The same value with some of it changed, taken away, doubled or of another kind. */
export function mutateJson(random: Random, value: unknown): unknown {
  if (random.chance(0.06)) return strange(random);
  if (Array.isArray(value)) {
    const items = value.map((item) => (random.chance(0.4) ? mutateJson(random, item) : item));
    if (items.length > 0 && random.chance(0.1))
      items.splice(random.between(0, items.length - 1), 1);
    if (items.length > 0 && random.chance(0.1)) items.push(random.pick(items));
    return items;
  }
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'string' && random.chance(0.3)) return mutateText(random, value);
    return random.chance(0.1) ? strange(random) : value;
  }
  const entries = Object.entries(value)
    .filter(() => !random.chance(0.02))
    .map(([name, item]) => [name, random.chance(0.4) ? mutateJson(random, item) : item] as const);
  if (random.chance(0.05)) return { ...Object.fromEntries(entries), [random.pick(NAMES)]: 1 };
  return Object.fromEntries(entries);
}

const NAMES = ['__proto__', 'constructor', 'toString', '', 'crit', 'jwk', 'x'.repeat(300)];

function strange(random: Random): unknown {
  return random.pick<unknown>([
    null,
    '',
    0,
    -1,
    1.5,
    1e308,
    Number.MAX_SAFE_INTEGER + 2,
    true,
    [],
    {},
    [null],
    '\0',
    'x'.repeat(10_000),
    { __proto__: null },
    Array.from({ length: 500 }, () => 'a'),
  ]);
}
