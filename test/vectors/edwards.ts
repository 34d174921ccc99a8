// Ed25519 in numbers (RFC 8032 section 5.1), for signatures that no library
// makes: some readers take them, and some do not.
import { createHash } from 'node:crypto';

import type { PrivateJwk } from '#crypto/keys.ts';

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * inverse(121666n));

type Point = { x: bigint; y: bigint };
const ZERO: Point = { x: 0n, y: 1n };
/** y = 4/5, and the x that is even. */
const BASE = withY(mod(4n * inverse(5n)));
/** Its eightfold is zero. */
const OF_ORDER_8 = withY(
  fromBytes(Buffer.from('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'hex')),
);

/** The same signature with S + L in place of S. */
export function withOrderAdded(signature: Uint8Array): Buffer {
  const S = fromBytes(signature.subarray(32)) + L;
  return Buffer.concat([signature.subarray(0, 32), toBytes(S)]);
}

/** Fulfils the equation with the cofactor (8SB = 8R + 8kA), and not the one without. */
export function signedUpToCofactor(text: Uint8Array, key: PrivateJwk): Buffer {
  const scalar = Buffer.from(sha512(Buffer.from(key.d, 'base64url')).subarray(0, 32));
  scalar[0] = (scalar[0] ?? 0) & 0xf8;
  scalar[31] = ((scalar[31] ?? 0) & 0x7f) | 0x40;
  const a = fromBytes(scalar);
  const r = fromBytes(sha512(text)) % L;
  const R = encode(add(times(r, BASE), OF_ORDER_8));
  const A = Buffer.from(key.x, 'base64url');
  const k = fromBytes(sha512(Buffer.concat([R, A, text]))) % L;
  return Buffer.concat([R, toBytes((r + k * a) % L)]);
}

function add(a: Point, b: Point): Point {
  const t = mod(D * a.x * b.x * a.y * b.y);
  return {
    x: mod((a.x * b.y + a.y * b.x) * inverse(1n + t)),
    y: mod((a.y * b.y + a.x * b.x) * inverse(1n - t)),
  };
}

function times(scalar: bigint, point: Point): Point {
  let sum = ZERO;
  for (let left = scalar, doubled = point; left > 0n; left >>= 1n) {
    if (left & 1n) sum = add(sum, doubled);
    doubled = add(doubled, doubled);
  }
  return sum;
}

function withY(y: bigint): Point {
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x - square) !== 0n) x = mod(x * power(2n, (P - 1n) / 4n));
  return { x: x & 1n ? P - x : x, y };
}

function encode({ x, y }: Point): Buffer {
  return toBytes(y | ((x & 1n) << 255n));
}

function inverse(value: bigint): bigint {
  return power(value, P - 2n);
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let left = exponent, square = mod(base); left > 0n; left >>= 1n) {
    if (left & 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

function mod(value: bigint): bigint {
  return ((value % P) + P) % P;
}

function fromBytes(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes.toReversed()).toString('hex')}`);
}

function toBytes(value: bigint): Buffer {
  return Buffer.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex').toReversed());
}

function sha512(bytes: Uint8Array): Buffer {
  return createHash('sha512').update(bytes).digest();
}
