// parcels.json: sealed parcels for homeward, right and wrong. Nothing in them is
// random: the sealing keys are made from the names of the vectors.
import { sha256, toBase64url } from '#crypto/digest.ts';
import { limits } from '#model/limits.ts';
import { START_SECONDS } from '#test/model/story.ts';
import { codec } from '#wire/codec.ts';
import { wireType } from '#wire/convert.ts';
import { headerText, partsOf } from '../forge.ts';
import { parties, type VectorParty } from '../parties.ts';
import { delimited, joined, numeric, varint } from '../protobuf-bytes.ts';
import { Scribe, type Written } from '../scribe.ts';
import { type SealedHeader, sealByHand } from '../seal-by-hand.ts';
import type { Family, Repeated, Vector } from '../vector.ts';
import { type GivenSection, givenSections } from './delivery.ts';

type ParcelsInput = { parcel: string | Repeated; now: number };
type ParcelsExpect =
  | {
      /** SHA-256 of the plaintext with its padding, base64url. */
      plaintextDigest: string;
      plaintextBytes: number;
      /** How many zero bytes the field padding has. */
      paddingBytes: number;
      messageDigest: string;
      sections: GivenSection[];
    }
  | { error: string };
export type ParcelsVector = Vector<ParcelsInput, ParcelsExpect>;
export type ParcelsFamily = Family<ParcelsVector>;

const wire = wireType('srx.exchange.v1.Parcel');
const now = START_SECONDS;

export async function makeParcels(): Promise<ParcelsFamily> {
  const { homeward, stranger } = await parties();
  const request = await new Scribe().draw('referring', 'referralRequest');
  const plain = Buffer.from(codec.encodeParcel(parcelOf(request)));
  const first = 'a request in the smallest size';
  const seal: Seal = (name, bytes) => sealByHand(name, homeward.jwks.encryption, bytes);
  const parcel = seal(first, plain);
  const sealed: Sealed = (check, name, bytes, error) =>
    wrong(check, name, seal(name, bytes), error);
  return {
    about:
      'Parcels for homeward’s encryption key: proto/README.md, "Parcels" and "Receiving" 2 to 4. harbour calls.',
    vectors: [
      right(first, request, parcel, plain),
      ...(await sizes(request, seal)),
      ...headers(plain, homeward),
      ...spellings(parcel),
      ...strangeKeys(plain, homeward, stranger),
      ...tampered(parcel),
      sealed('P1', 'a plaintext that was not padded', bare(request), 'MALFORMED'),
      sealed(
        'P1',
        'a plaintext one byte too long for its size',
        joined(plain, Buffer.of(0)),
        'MALFORMED',
      ),
      sealed('P1', 'a plaintext without a byte', Buffer.alloc(0), 'MALFORMED'),
      sealed('P2', 'a plaintext that is no parcel', Buffer.alloc(4096, 0xff), 'MALFORMED'),
      sealed('P2', 'a plaintext with a group', withGroup(bare(request)), 'MALFORMED'),
      ...contents(request, sealed),
    ],
  };
}

type Seal = (name: string, plaintext: Buffer) => string;
type Sealed = (check: string, name: string, bytes: Buffer, error: string) => ParcelsVector;

function parcelOf({ jws, contents: sections }: Written) {
  return { message: jws, sections };
}

/** Padded to the smallest size but for an unknown group at the end. */
function withGroup(unpadded: Buffer): Buffer {
  const room = (limits.parcelSizeClassesBytes[0] ?? 0) - unpadded.length;
  const [tagAndLength, group] = [3, Buffer.of(0x6b, 0x6c)];
  return joined(unpadded, delimited(3, Buffer.alloc(room - tagAndLength - group.length)), group);
}

function bare(written: Written): Buffer {
  return wire.encode(parcelOf(written));
}

function right(name: string, written: Written, parcel: string, plaintext: Buffer): ParcelsVector {
  const { padding } = wire.decode(plaintext).model as { padding: Buffer };
  return {
    name,
    check: 'P1',
    valid: true,
    input: { parcel, now },
    expect: {
      plaintextDigest: sha256(plaintext),
      plaintextBytes: plaintext.length,
      paddingBytes: padding.length,
      messageDigest: written.entry.digest,
      sections: givenSections(written.contents),
    },
  };
}

function wrong(
  check: string,
  name: string,
  parcel: string | Repeated,
  error: string,
): ParcelsVector {
  return { name, check, valid: false, input: { parcel, now }, expect: { error } };
}

/** Sizes where the padding's own length changes, by a message of that many characters. */
async function sizes(request: Written, seal: Seal): Promise<ParcelsVector[]> {
  const room = limits.parcelSizeClassesBytes[0] - bare(request).length;
  const cases = [
    ['a parcel that fills its size exactly', 0],
    ['a parcel with room for one byte of padding', 3],
    ['a parcel with room for 127 bytes of padding', 129],
    ['a parcel with room for 128 bytes of padding', 131],
    ['a parcel one byte short of its size: the next one', 1],
    ['a parcel where padding would make its own length longer: the next size', 130],
  ] as const;
  const vectors: ParcelsVector[] = [];
  for (const [name, left] of cases) {
    const longer = await lengthened(request, room - left);
    const plaintext = Buffer.from(codec.encodeParcel(parcelOf(longer)));
    vectors.push(right(name, longer, seal(name, plaintext), plaintext));
  }
  return vectors;
}

/** The same request with a section that makes the parcel longer by so many bytes. */
async function lengthened(request: Written, more: number): Promise<Written> {
  const usual = request.contents[0]?.content.length ?? 0;
  let length = usual + more;
  for (let round = 0; round < 4; round += 1) {
    const content = Buffer.from(JSON.stringify({ invented: 'n'.repeat(length - 15) }));
    const made = await new Scribe().draw('referring', 'referralRequest', {}, { content });
    const over = bare(made).length - bare(request).length - more;
    if (over === 0) return made;
    length -= over;
  }
  throw new Error('no section has this length');
}

function headers(plain: Buffer, homeward: VectorParty): ParcelsVector[] {
  const key = homeward.jwks.encryption;
  // Rightly sealed under each header: only the rule stands against it.
  const odd = (
    check: string,
    name: string,
    error: string,
    bend: (header: SealedHeader) => string | Record<string, unknown>,
  ) => wrong(check, name, sealByHand(name, key, plain, bend), error);
  const plus = (check: string, name: string, members: object, error = 'MALFORMED') =>
    odd(check, name, error, (header) => ({ ...header, ...members }));
  const withKey = (name: string, change: (epk: SealedHeader['epk']) => object, error: string) =>
    odd('E10', name, error, (header) => ({ ...header, epk: change(header.epk) }));
  const games: [string, object][] = [
    ['alg dir', { alg: 'dir' }],
    ['alg ECDH-ES, without key wrapping', { alg: 'ECDH-ES' }],
    ['alg RSA-OAEP', { alg: 'RSA-OAEP' }],
    ['alg PBES2-HS256+A128KW', { alg: 'PBES2-HS256+A128KW', p2c: 1_000_000, p2s: 'AAAA' }],
    ['enc A128GCM', { enc: 'A128GCM' }],
    ['enc A256CBC-HS512', { enc: 'A256CBC-HS512' }],
    ['no enc', { enc: undefined }],
  ];
  const named = ['jwk', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256', 'zip', 'crit', 'b64'];
  return [
    ...games.map(([name, members]) => plus('E5', name, members, 'ALG_NOT_ALLOWED')),
    odd('E4', 'a header that names kid twice', 'MALFORMED', (header) => {
      return `${headerText(header).slice(0, -1)},"kid":"${key.kid}"}`;
    }),
    ...named.map((name) => plus('E6', `a header with ${name}`, { [name]: 'DEF' })),
    plus('E7', 'a header with apu', { apu: 'AAAA' }),
    plus('E7', 'no ephemeral key', { epk: undefined }),
    plus('E8', 'the typ of a message', { typ: 'srx-message.v1+jws' }),
    plus('E9', 'a kid that is no thumbprint', { kid: 'homeward' }),
    withKey(
      'an ephemeral key on P-256',
      ({ x }) => ({ kty: 'EC', crv: 'P-256', x, y: x }),
      'ALG_NOT_ALLOWED',
    ),
    withKey(
      'an ephemeral key on Ed25519',
      (epk) => ({ ...epk, crv: 'Ed25519' }),
      'ALG_NOT_ALLOWED',
    ),
    withKey('an ephemeral key with a private part', (epk) => ({ ...epk, d: epk.x }), 'MALFORMED'),
    withKey('an ephemeral key of 31 bytes', (epk) => ({ ...epk, x: epk.x.slice(1) }), 'MALFORMED'),
  ];
}

function spellings(parcel: string): ParcelsVector[] {
  const parts = partsOf(parcel);
  const change = (index: number, make: (part: string) => string) =>
    parts.map((part, i) => (i === index ? make(part) : part)).join('.');
  const odd = (check: string, name: string, text: string) => wrong(check, name, text, 'MALFORMED');
  return [
    odd('E2', 'four parts', parts.slice(0, 4).join('.')),
    odd('E2', 'six parts', `${parcel}.`),
    odd('E3', 'padding behind the tag', `${parcel}==`),
    odd(
      'E3',
      'a line feed in the ciphertext',
      change(3, (part) => `${part.slice(0, 8)}\n${part.slice(8)}`),
    ),
    odd(
      'E11',
      'an encrypted key that is missing',
      change(1, () => ''),
    ),
    odd(
      'E11',
      'an initialization vector of 16 bytes',
      change(2, () => 'A'.repeat(22)),
    ),
    odd(
      'E11',
      'a tag of 12 bytes',
      change(4, (part) => part.slice(0, 16)),
    ),
    wrong(
      'E1',
      'a parcel over 352 KiB',
      { repeat: 'A', times: limits.parcelJweBytesMax + 1 },
      'TOO_LARGE',
    ),
  ];
}

function strangeKeys(plain: Buffer, homeward: VectorParty, stranger: VectorParty): ParcelsVector[] {
  const retired = 'a parcel for a key that homeward does not have';
  const renamed = 'a parcel for another key under homeward’s kid';
  const { kid } = homeward.jwks.encryption;
  const other = stranger.jwks.encryption;
  return [
    wrong('R3', retired, sealByHand(retired, other, plain), 'ENCRYPTION_KEY_RETIRED'),
    wrong('E12', renamed, sealByHand(renamed, { ...other, kid }, plain), 'MALFORMED'),
  ];
}

function tampered(parcel: string): ParcelsVector[] {
  const parts = partsOf(parcel);
  const flip = (index: number) =>
    parts
      .map((part, i) => {
        if (i !== index) return part;
        const bytes = Buffer.from(part, 'base64url');
        bytes[0] = (bytes[0] ?? 0) ^ 1;
        return toBase64url(bytes);
      })
      .join('.');
  return [
    wrong('E12', 'one bit of the encrypted key changed', flip(1), 'MALFORMED'),
    wrong('E12', 'one bit of the ciphertext changed', flip(3), 'MALFORMED'),
    wrong('E12', 'one bit of the tag changed', flip(4), 'MALFORMED'),
  ];
}

/** Padded by hand, so that what is inside can be wrong. */
function padded(fields: Buffer, size = 4096): Buffer {
  const room = size - fields.length;
  const padding = room - 1 - varint(room).length;
  return joined(fields, delimited(3, new Uint8Array(padding)));
}

function contents(request: Written, sealed: Sealed): ParcelsVector[] {
  const [section] = request.contents;
  if (!section) throw new Error('the request has one section');
  const message = delimited(1, request.jws);
  const part = (name: number, salt: Uint8Array, content: Uint8Array = section.content) =>
    delimited(2, joined(numeric(1, name), delimited(2, salt), delimited(3, content)));
  const good = part(1, section.salt);
  const untold = delimited(2, joined(delimited(2, section.salt), delimited(3, section.content)));
  const violation = (check: string, name: string, bytes: Buffer) =>
    sealed(check, name, bytes, 'SCHEMA_VIOLATION');
  const whole = padded(joined(message, good));
  const marked = Buffer.from(whole);
  marked[marked.length - 1] = 1;
  const room = 4096 - joined(message, good).length;
  const unknown = joined(message, good, delimited(3, new Uint8Array(room - 3 - 2)), numeric(4, 1));
  const inPieces = joined(
    message,
    good,
    delimited(3, [0]),
    delimited(3, new Uint8Array(room - 3 - 3)),
  );
  return [
    violation('P3', 'an unknown field', unknown),
    violation('P3', 'padding in two pieces', inPieces),
    violation('P4', 'padding that is not zero', marked),
    violation('P5', 'no message', padded(good)),
    violation(
      'P5',
      'a section that does not exist',
      padded(joined(message, part(99, section.salt))),
    ),
    violation('P5', 'a section that is not told', padded(joined(message, untold))),
    violation(
      'P5',
      'a salt of 31 bytes',
      padded(joined(message, part(1, section.salt.subarray(1)))),
    ),
    violation('P5', 'a section twice', padded(joined(message, good, good))),
    violation(
      'P5',
      'a message over 32 KiB',
      padded(delimited(1, 'A'.repeat(limits.messageJwsBytesMax + 1)), 65_536),
    ),
  ];
}
