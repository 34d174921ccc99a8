// digests.json: the small functions under everything else.
import { sectionDigest, sha256, toBase64url } from '#crypto/digest.ts';
import { uuidOf } from '#test/model/story.ts';
import { keyFrom, publicJwkOf, thumbprint } from '../parties.ts';
import { REFERRAL_ID } from '../scribe.ts';
import type { Family, Vector } from '../vector.ts';

export type DigestsInput =
  | { compute: 'base64url'; text: string }
  | { compute: 'sha-256'; text: string }
  | {
      compute: 'section-digest';
      salt: string;
      referralId: string;
      section: string;
      content: string;
    }
  | { compute: 'public-key'; curve: 'Ed25519' | 'X25519'; jwk: Record<string, unknown> };
/** `value`: hex of what base64url stands for, a digest, or a kid. */
type DigestsExpect = { value: string } | { error: string };
export type DigestsVector = Vector<DigestsInput, DigestsExpect>;

export function makeDigests(): Family<DigestsVector> {
  return {
    about: 'Bytes as text, digests and keys: proto/README.md. Bytes are base64url without padding.',
    vectors: [...base64url(), ...digests(), ...keys()],
  };
}

function good(check: string, name: string, input: DigestsInput, value: string): DigestsVector {
  return { name, check, valid: true, input, expect: { value } };
}

function bad(check: string, name: string, input: DigestsInput, error: string): DigestsVector {
  return { name, check, valid: false, input, expect: { error } };
}

function base64url(): DigestsVector[] {
  const compute = 'base64url';
  const right = ['', '00', 'ffffff', 'fb', 'fbf0', '00'.repeat(32)].map((hex) => {
    const text = Buffer.from(hex, 'hex').toString('base64url');
    return good('B1', `the bytes ${hex || 'none'}`, { compute, text }, hex);
  });
  const wrong: [string, string][] = [
    ['with padding', '-w=='],
    ['in the alphabet of plain base64', '+/A'],
    ['with a spare bit set', '-x'],
    ['with a line feed', '-_A\n'],
    ['with a space before it', ' -_A'],
    ['with one character too many', 'AAAAA'],
  ];
  return [
    ...right,
    ...wrong.map(([name, text]) => bad('B1', name, { compute, text }, 'MALFORMED')),
  ];
}

function digests(): DigestsVector[] {
  const salt = new Uint8Array(Buffer.from(sha256('srx vectors: salt'), 'base64url'));
  const bind = (section: string, content: string, referralId = REFERRAL_ID): DigestsInput => ({
    compute: 'section-digest',
    salt: toBase64url(salt),
    referralId,
    section,
    content: toBase64url(Buffer.from(content)),
  });
  const digestOf = (section: string, content: string, referralId = REFERRAL_ID) =>
    sectionDigest({ salt, referralId, section, content: Buffer.from(content) });
  const note = '{"text":"An invented note."}';
  const short = { ...bind('note', note), salt: toBase64url(salt.subarray(1)) };
  const long = { ...bind('note', note), salt: toBase64url(Buffer.concat([salt, Buffer.of(0)])) };
  return [
    good('B2', 'the digest of no bytes', { compute: 'sha-256', text: '' }, sha256('')),
    good('B2', 'the digest of a text', { compute: 'sha-256', text: 'srx' }, sha256('srx')),
    good('D1', 'a section', bind('note', note), digestOf('note', note)),
    good('D1', 'the same bytes as another section', bind('report', note), digestOf('report', note)),
    good('D1', 'a section without content', bind('note', ''), digestOf('note', '')),
    good(
      'D1',
      'the same section of another referral',
      bind('note', note, uuidOf('another')),
      digestOf('note', note, uuidOf('another')),
    ),
    good(
      'D1',
      'a byte moved from the content into the name',
      bind(`note${note.slice(0, 1)}`, note.slice(1)),
      digestOf(`note${note.slice(0, 1)}`, note.slice(1)),
    ),
    bad('D2', 'a salt of 31 bytes', short, 'MALFORMED'),
    bad('D2', 'a salt of 33 bytes, the last of them zero', long, 'MALFORMED'),
  ];
}

function keys(): DigestsVector[] {
  const signer = publicJwkOf(keyFrom('harbour message', 'Ed25519'));
  const sealer = publicJwkOf(keyFrom('harbour encryption', 'X25519'));
  const { kid: _, ...bare } = signer;
  const input = (jwk: Record<string, unknown>, curve: 'Ed25519' | 'X25519' = 'Ed25519') =>
    ({ compute: 'public-key', curve, jwk }) as const;
  const point = (hex: string) => Buffer.from(hex, 'hex').toString('base64url');
  const withX = (x: string, crv: 'Ed25519' | 'X25519') => ({ kty: 'OKP', crv, x });
  const { d } = keyFrom('harbour message', 'Ed25519');
  const weak = [
    ['the neutral point', `01${'00'.repeat(31)}`],
    ['a point of order 4', '00'.repeat(32)],
    ['a point of order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['the point of order 2', `ec${'ff'.repeat(30)}7f`],
    ['a y beyond the field', `ee${'ff'.repeat(30)}7f`],
  ] as const;
  return [
    good('K4', 'a signing key', input(signer), signer.kid),
    good('K4', 'a sealing key', input(sealer, 'X25519'), sealer.kid),
    good('K4', 'a key without kid', input(bare), signer.kid),
    good('K1', 'a key with members that nobody knows', input({ ...signer, note: 1 }), signer.kid),
    good(
      'K2',
      'a key that names its use and algorithm',
      input({ ...signer, use: 'sig', alg: 'Ed25519' }),
      signer.kid,
    ),
    bad('K1', 'a key on another curve', input(sealer), 'ALG_NOT_ALLOWED'),
    bad(
      'K1',
      'a key of another kind',
      input({ kty: 'EC', crv: 'P-256', x: signer.x }),
      'ALG_NOT_ALLOWED',
    ),
    bad('K2', 'a key for another use', input({ ...signer, use: 'enc' }), 'ALG_NOT_ALLOWED'),
    bad('K2', 'a key for EdDSA', input({ ...signer, alg: 'EdDSA' }), 'ALG_NOT_ALLOWED'),
    bad('K3', 'a key of 31 bytes', input(withX(signer.x.slice(0, 42), 'Ed25519')), 'MALFORMED'),
    bad('K3', 'a key with padding', input(withX(`${signer.x}=`, 'Ed25519')), 'MALFORMED'),
    bad('K4', 'a kid of another key', input({ ...signer, kid: sealer.kid }), 'MALFORMED'),
    bad('K5', 'a public key with its private part', input({ ...signer, d }), 'MALFORMED'),
    ...weak.map(([name, hex]) => bad('K6', name, input(withX(point(hex), 'Ed25519')), 'MALFORMED')),
    bad(
      'K6',
      'a sealing key of order 1',
      input(withX(point('00'.repeat(32)), 'X25519'), 'X25519'),
      'MALFORMED',
    ),
    good(
      'K4',
      'a thumbprint is over crv, kty and x',
      input(withX(signer.x, 'Ed25519')),
      thumbprint('Ed25519', signer.x),
    ),
  ];
}
