// What JWS (RFC 7515) and JWE (RFC 7516) in compact form have in common: the
// size, the parts and the protected header, all checked before any key is used.
import { Refusal } from '#model/refusal.ts';

import { fromBase64url } from './digest.ts';
import { readStrictJsonObject } from './strict-json.ts';

export type Compact = {
  header: Record<string, unknown>;
  /** The parts as they came, in canonical base64url, the header among them. */
  parts: readonly string[];
};

/** Members that would bring a key, a place to fetch one, or another reading of the payload. */
const NAMED_REFUSALS = ['jwk', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256', 'zip', 'crit', 'b64'];

const KID = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/**
 * @param bytesMax bound on the text, checked first.
 * @throws Refusal TOO_LARGE or MALFORMED.
 */
export function readCompact(text: string, partCount: number, bytesMax: number): Compact {
  if (text.length > bytesMax) {
    throw new Refusal('TOO_LARGE', `The signed or sealed text is over its ${bytesMax} bytes.`);
  }
  const parts = text.split('.', partCount + 1);
  if (parts.length !== partCount) {
    throw new Refusal('MALFORMED', `The compact form has ${partCount} parts.`);
  }
  const [header = new Uint8Array()] = parts.map(fromBase64url);
  return { header: readStrictJsonObject(header), parts };
}

/**
 * The header's values must be these, and its members these and the named others.
 * An algorithm is judged first, so that every game with it has the same answer.
 * @throws Refusal ALG_NOT_ALLOWED or MALFORMED.
 */
export function checkHeader(
  header: Record<string, unknown>,
  expected: { alg: string; enc?: string; typ: string },
  others: readonly string[],
): { kid: string } {
  for (const member of ['alg', 'enc'] as const) {
    if (header[member] !== expected[member]) {
      throw new Refusal(
        'ALG_NOT_ALLOWED',
        `Header ${member} must be ${expected[member] ?? 'absent'}.`,
      );
    }
  }
  for (const member of NAMED_REFUSALS) {
    if (Object.hasOwn(header, member)) {
      throw new Refusal('MALFORMED', `Header member ${member} is not allowed.`);
    }
  }
  const allowed = [...Object.keys(expected), ...others];
  const names = Object.keys(header);
  if (names.length !== allowed.length || !names.every((name) => allowed.includes(name))) {
    throw new Refusal('MALFORMED', `The header has exactly the members ${allowed.join(', ')}.`);
  }
  if (header['typ'] !== expected.typ) {
    throw new Refusal('MALFORMED', `Header typ must be ${expected.typ}.`);
  }
  const kid = header['kid'];
  if (typeof kid !== 'string' || !KID.test(kid)) {
    throw new Refusal('MALFORMED', 'Header kid must be an RFC 7638 SHA-256 thumbprint.');
  }
  return { kid };
}
