// messages.json: one request, rightly signed and wrongly, as the first parcel
// that its addressee gets.
import { sha256, toBase64url } from '#crypto/digest.ts';
import { MESSAGE_TYP, RECEIPT_TYP } from '#exchange/context.ts';
import { START_SECONDS } from '#test/model/story.ts';
import { signedUpToCofactor, withOrderAdded } from '../edwards.ts';
import { forge, forgeHmac, headerText, partsOf } from '../forge.ts';
import { type PartyName, parties, thumbprint, type VectorParty } from '../parties.ts';
import { Scribe, type Written } from '../scribe.ts';
import type { Family } from '../vector.ts';
import { type DeliveryVector, givenSections } from './delivery.ts';

export async function makeMessages(): Promise<Family<DeliveryVector>> {
  const { harbour, stranger } = await parties();
  const request = await new Scribe().draw('referring', 'referralRequest');
  return {
    about:
      'The first request of harbour to homeward, and what is refused of it: proto/README.md, "Signatures" and "Receiving" 4 to 7.',
    vectors: [
      valid('a request', request, request.jws),
      ...spellings(request),
      ...headers(request, harbour),
      ...algorithms(request, harbour),
      ...signatures(request, harbour, stranger),
      ...(await addresses()),
    ],
  };
}

function input(written: Written, jws: string, peer: PartyName = 'harbour') {
  return {
    receiver: 'homeward' as PartyName,
    peer,
    given: [],
    now: START_SECONDS,
    jws,
    sections: givenSections(written.contents),
  };
}

function valid(name: string, written: Written, jws: string): DeliveryVector {
  const { digest, envelope } = written.entry;
  const expect = {
    verdict: 'taken',
    sectionsTaken: ['minimum'],
    head: null,
    read: { seq: envelope.seq, digest },
    status: 'requested',
  };
  return { name, check: 'R14', valid: true, input: input(written, jws), expect };
}

function wrong(
  check: string,
  name: string,
  error: string,
  written: Written,
  jws: string,
  peer?: PartyName,
): DeliveryVector {
  const expect = { error, status: 'none' };
  return { name, check, valid: false, input: input(written, jws, peer), expect };
}

function spellings(request: Written): DeliveryVector[] {
  const { jws } = request;
  const [head = '', body = '', mark = ''] = partsOf(jws);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const spare = alphabet[alphabet.indexOf(mark.at(-1) ?? '') + 1];
  const odd = (check: string, name: string, text: string) =>
    wrong(check, name, 'MALFORMED', request, text);
  return [
    odd('J2', 'two parts', `${head}.${body}`),
    odd('J2', 'four parts', `${jws}.`),
    odd('J3', 'padding behind the signature', `${jws}==`),
    odd('J3', 'a spare bit set in the signature', `${head}.${body}.${mark.slice(0, -1)}${spare}`),
    odd('J3', 'a line feed at the end', `${jws}\n`),
    odd('J3', 'a payload in plain base64', `${head}.${body.slice(0, -1)}+.${mark}`),
    odd('J10', 'a signature that was stripped', `${head}.${body}.`),
    odd(
      'J10',
      'a signature of 63 bytes',
      `${head}.${body}.${toBase64url(Buffer.from(mark, 'base64url').subarray(1))}`,
    ),
  ];
}

function headers(request: Written, harbour: VectorParty): DeliveryVector[] {
  const [, body = ''] = partsOf(request.jws);
  const key = harbour.jwks.message;
  const right = { alg: 'Ed25519', kid: key.kid, typ: MESSAGE_TYP };
  const signed = (header: string | Uint8Array) => forge(header, body, key);
  const odd = (check: string, name: string, header: string | Uint8Array) =>
    wrong(check, name, 'MALFORMED', request, signed(header));
  const plus = (members: object) => headerText({ ...right, ...members });
  const { kid } = key;
  const spaced = signed(`{ "typ" : "${MESSAGE_TYP}",\n"kid":"${kid}", "alg":"Ed25519" }`);
  const named: [string, unknown][] = [
    ['jwk', { kty: 'OKP', crv: 'Ed25519', x: key.x }],
    ['jku', 'https://stranger.example/keys'],
    ['x5u', 'https://stranger.example/certificate'],
    ['x5c', ['AA']],
    ['x5t', 'AA'],
    ['x5t#S256', 'AA'],
    ['zip', 'DEF'],
    ['crit', ['exp']],
    ['crit', []],
    ['b64', true],
  ];
  const changed = {
    name: 'a header in another order, with spaces: another message by its digest',
    check: 'J4',
  };
  return [
    withDigest(changed, request, spaced),
    withDigest(
      { name: 'a header with white space around it', check: 'J4' },
      request,
      signed(` \t\r\n${plus({})}\n`),
    ),
    odd('J4', 'a header with a space around it that JSON has not', `\u00a0${plus({})}`),
    odd('J4', 'a header with NaN', `{"alg":NaN,"kid":"${kid}","typ":"${MESSAGE_TYP}"}`),
    odd('J4', 'a header that is no JSON', '{'),
    odd('J4', 'a header that is a list', '[]'),
    odd('J4', 'a header that is null', 'null'),
    odd('J4', 'a header with a byte order mark', `\ufeff${plus({})}`),
    odd(
      'J4',
      'a header that is not UTF-8',
      Buffer.concat([Buffer.from('{"alg":"'), Buffer.of(0xff), Buffer.from('"}')]),
    ),
    odd(
      'J4',
      'a header that names alg twice',
      `{"alg":"none","alg":"Ed25519","kid":"${kid}","typ":"${MESSAGE_TYP}"}`,
    ),
    odd(
      'J4',
      'a header that names typ twice, once in escapes',
      `{"alg":"Ed25519","kid":"${kid}","typ":"JWT","\\u0074yp":"${MESSAGE_TYP}"}`,
    ),
    ...named.map(([name, value]) =>
      odd('J6', `a header with ${name} ${JSON.stringify(value)}`, plus({ [name]: value })),
    ),
    odd(
      'J6',
      'a payload that is not encoded (b64 false, critical)',
      plus({ crit: ['b64'], b64: false }),
    ),
    odd('J7', 'a header with cty', plus({ cty: 'text' })),
    odd('J7', 'a header without kid', headerText({ alg: 'Ed25519', typ: MESSAGE_TYP })),
    odd('J8', 'the typ of a receipt', plus({ typ: RECEIPT_TYP })),
    odd('J8', 'the typ of another version', plus({ typ: 'srx-message.v2+jws' })),
    odd('J8', 'the typ in capitals', plus({ typ: MESSAGE_TYP.toUpperCase() })),
    odd('J9', 'a kid that is no thumbprint', plus({ kid: 'harbour' })),
    odd('J9', 'a kid that is a number', plus({ kid: 7 })),
  ];
}

function withDigest(
  { name, check }: { name: string; check: string },
  written: Written,
  jws: string,
): DeliveryVector {
  const digest = sha256(jws);
  const base = valid(name, written, jws);
  return {
    ...base,
    check,
    expect: { ...base.expect, read: { seq: 1, digest } },
  };
}

function algorithms(request: Written, harbour: VectorParty): DeliveryVector[] {
  const [, body = ''] = partsOf(request.jws);
  const key = harbour.jwks.message;
  const header = (alg: unknown) => headerText({ alg, kid: key.kid, typ: MESSAGE_TYP });
  const odd = (name: string, jws: string) => wrong('J5', name, 'ALG_NOT_ALLOWED', request, jws);
  const unsigned = `${toBase64url(Buffer.from(header('none')))}.${body}.`;
  const secret = Buffer.from(key.x, 'base64url');
  const enc = headerText({ alg: 'Ed25519', enc: 'A256GCM', kid: key.kid, typ: MESSAGE_TYP });
  return [
    odd('alg none without a signature', unsigned),
    odd('alg HS256 with the public key for a secret', forgeHmac(header('HS256'), body, secret)),
    ...['none', 'EdDSA', 'ed25519', 'ES256', 'RS256', '', null, ['Ed25519']].map((alg) =>
      odd(`alg ${JSON.stringify(alg)}, rightly signed`, forge(header(alg), body, key)),
    ),
    odd('a header with enc', forge(enc, body, key)),
  ];
}

function signatures(
  request: Written,
  harbour: VectorParty,
  stranger: VectorParty,
): DeliveryVector[] {
  const [head = '', body = '', mark = ''] = partsOf(request.jws);
  const { kid } = harbour.jwks.message;
  const header = headerText({ alg: 'Ed25519', kid, typ: MESSAGE_TYP });
  const signed = `${head}.${body}`;
  const sound = Buffer.from(mark, 'base64url');
  const flipped = Buffer.from(sound);
  flipped[5] = (flipped[5] ?? 0) ^ 1;
  const strangersMark = partsOf(forge(header, body, stranger.jwks.message))[2] ?? '';
  const own = headerText({ alg: 'Ed25519', kid: stranger.jwks.message.kid, typ: MESSAGE_TYP });
  const payload = Buffer.from(body, 'base64url');
  payload[payload.length - 1] = (payload.at(-1) ?? 0) ^ 1;
  const { x } = harbour.jwks.federation;
  const federation = headerText({
    alg: 'Ed25519',
    kid: thumbprint('Ed25519', x),
    typ: MESSAGE_TYP,
  });
  const odd = (name: string, jws: string, peer?: PartyName, check = 'R6') =>
    wrong(check, name, 'UNAUTHENTICATED', request, jws, peer);
  return [
    odd('a signature with one bit changed', `${head}.${body}.${toBase64url(flipped)}`),
    odd('a signature of zeros', `${head}.${body}.${toBase64url(Buffer.alloc(64))}`),
    odd('a signature with the order added to S', `${signed}.${toBase64url(withOrderAdded(sound))}`),
    odd(
      'a signature that holds only with the cofactor',
      `${signed}.${toBase64url(signedUpToCofactor(Buffer.from(signed), harbour.jwks.message))}`,
    ),
    odd('a stranger’s signature under harbour’s kid', `${head}.${body}.${strangersMark}`),
    odd('a stranger’s key and kid', forge(own, body, stranger.jwks.message)),
    odd('a payload changed after it was signed', `${head}.${toBase64url(payload)}.${mark}`),
    odd('harbour’s federation key', forge(federation, body, harbour.jwks.federation)),
    odd('a message of harbour that a stranger brings', request.jws, 'stranger', 'R4'),
    odd(
      'a message in harbour’s name, signed by the stranger who brings it',
      forge(own, body, stranger.jwks.message),
      'stranger',
      'R4',
    ),
  ];
}

async function addresses(): Promise<DeliveryVector[]> {
  const elsewhere = await new Scribe().draw(
    'referring',
    'referralRequest',
    {},
    { envelope: { to: 'https://stranger.example' } },
  );
  return [
    wrong('R7', 'a message to another organisation', 'AUDIENCE_MISMATCH', elsewhere, elsewhere.jws),
  ];
}
