// Payloads that are wrong in form, envelope or content, written byte by byte.
import { limits } from '#model/limits.ts';
import type { Envelope } from '#model/message.ts';
import { DAY, START_SECONDS, uuidOf } from '#test/model/story.ts';
import { delimited, type Fields, joined, numeric, varint, withFields } from '../protobuf-bytes.ts';
import type { CanonicalVector } from './canonical.ts';

// One message by hand: riskAssessed with one section and one grant.
const hash = Buffer.alloc(32, 7);
export const digest = hash.toString('base64url');
export const [from, to] = ['https://harbour.example', 'https://homeward.example'];
export const messageId = uuidOf('message');
export const referralId = uuidOf('referral');
const grantId = uuidOf('grant');
export const sentAt = START_SECONDS;
const expiresAt = START_SECONDS + DAY;
const envelope: Envelope = {
  messageId,
  referralId,
  from,
  to,
  seq: 2,
  previous: digest,
  seen: { seq: 1, digest },
  sentAt,
  expiresAt,
};
const riskStep = [numeric(1, sentAt), numeric(2, 1)] as const;
const grant = (sections: Buffer = delimited(3, [6, 9])) =>
  joined(
    delimited(1, grantId),
    delimited(2, to),
    sections,
    numeric(4, 2),
    numeric(5, 2),
    numeric(6, expiresAt),
  );
const fields: Fields = {
  1: delimited(1, messageId),
  2: delimited(2, referralId),
  3: delimited(3, from),
  4: delimited(4, to),
  5: numeric(5, 2),
  6: delimited(6, hash),
  7: delimited(7, joined(numeric(1, 1), delimited(2, hash))),
  8: numeric(8, sentAt),
  9: numeric(9, expiresAt),
  10: delimited(10, joined(numeric(1, 6), delimited(2, hash))),
  11: delimited(11, grant()),
  12: delimited(12, delimited(3, joined(...riskStep))),
};
export const nothing = Buffer.alloc(0);
const build = (changed: Fields = {}, after: Buffer = nothing) =>
  joined(withFields(fields, changed), after);
/** Wire types 3 and 4, with nothing between them. */
const group = (number: number) =>
  Buffer.from([...varint(number * 8 + 3), ...varint(number * 8 + 4)]);
/** The end of a varint: so many bytes that go on, and a last one. */
const stretched = (count: number, last: number) => [...Array<number>(count).fill(0x80), last];
const withBody = (body: Buffer) => build({ 12: delimited(12, body) });

function refused(
  check: string,
  reason: 'unsupported-version' | 'schema-violation',
  name: string,
  bytes: Buffer,
  changed: Partial<Envelope> = {},
): CanonicalVector {
  return {
    name,
    check,
    valid: false,
    input: { type: 'Message', hex: bytes.toString('hex') },
    expect: { envelope: { ...envelope, ...changed }, refused: reason },
  };
}

function rejected(check: string, error: string, name: string, bytes: Buffer): CanonicalVector {
  const input = { type: 'Message', hex: bytes.toString('hex') } as const;
  return { name, check, valid: false, input, expect: { error } };
}

export function formFaults(): CanonicalVector[] {
  const odd = (name: string, bytes: Buffer) => refused('C4', 'schema-violation', name, bytes);
  const newer = (name: string, bytes: Buffer) => refused('C3', 'unsupported-version', name, bytes);
  const request = (version: Buffer) =>
    withBody(
      delimited(1, joined(version, delimited(2, uuidOf('case')), numeric(3, START_SECONDS + DAY))),
    );
  const long = fields[12] as Buffer;
  const inPieces = joined(delimited(7, numeric(1, 1)), delimited(7, delimited(2, hash)));
  return [
    rejected('C1', 'MALFORMED', 'a message cut short', build().subarray(0, -1)),
    rejected('C1', 'MALFORMED', 'a field with number 0', build({}, Buffer.of(0, 0))),
    rejected('C1', 'MALFORMED', 'a wire type that does not exist', build({}, Buffer.of(0x6f))),
    rejected('C1', 'MALFORMED', 'an end without its group', build({}, Buffer.of(0x6c))),
    rejected('C1', 'MALFORMED', 'a group', build({}, group(13))),
    rejected('C1', 'MALFORMED', 'a group with the number of seq', build({ 5: group(5) })),
    rejected(
      'C1',
      'MALFORMED',
      'a group in a position',
      build({ 7: delimited(7, joined(numeric(1, 1), delimited(2, hash), group(3))) }),
    ),
    rejected('C1', 'MALFORMED', 'a number of 11 bytes', build({}, numeric(13, stretched(10, 1)))),
    odd('a number of 10 bytes that is not known', build({}, numeric(13, stretched(9, 1)))),
    rejected(
      'C1',
      'MALFORMED',
      'a tag of 6 bytes',
      build({}, Buffer.from([0xe8, ...stretched(4, 0), 1])),
    ),
    odd('a tag of 5 bytes', build({}, Buffer.from([0xe8, ...stretched(3, 0), 1]))),
    rejected(
      'C1',
      'MALFORMED',
      'a length of 6 bytes',
      build({}, Buffer.from([0x6a, 0x81, ...stretched(4, 0), 7])),
    ),
    odd('a length of 5 bytes', build({}, Buffer.from([0x6a, 0x81, ...stretched(3, 0), 7]))),
    rejected('C1', 'MALFORMED', 'a position cut short', build({ 7: delimited(7, [0x12, 9]) })),
    newer('no body', build({ 12: nothing })),
    newer('a body without a step', withBody(nothing)),
    newer('a step that is not known here', withBody(delimited(200, [1, 2]))),
    newer(
      'a step that is not known, and an unknown field besides',
      joined(withBody(delimited(200, [])), numeric(13, 1)),
    ),
    newer(
      'a step that is not known, and a grant that cannot be decoded',
      build({ 11: delimited(11, [0x0a, 9]), 12: delimited(12, delimited(200, [])) }),
    ),
    newer(
      'a step that is not known, and a section digest with a group',
      build({ 10: delimited(10, group(9)), 12: delimited(12, delimited(200, [])) }),
    ),
    newer(
      'a step that is not known and would be a group inside',
      withBody(delimited(200, group(1))),
    ),
    newer('a step with the wire type of a number', withBody(numeric(2, 1))),
    newer('a request by the rules of version 2', request(numeric(1, 2))),
    newer('a request that names no rules', request(nothing)),
    refused(
      'C3',
      'schema-violation',
      'a step that cannot be decoded',
      withBody(Buffer.of(0x1a, 9, 1)),
    ),
    refused('C3', 'schema-violation', 'a step that is a group', withBody(group(200))),
    refused(
      'C3',
      'schema-violation',
      'a request by the rules of version 2 with a group in it',
      request(joined(numeric(1, 2), group(9))),
    ),
    refused(
      'C2',
      'schema-violation',
      'a section digest with a group',
      build({ 10: delimited(10, joined(numeric(1, 6), delimited(2, hash), group(9))) }),
    ),
    refused(
      'C2',
      'schema-violation',
      'a grant that cannot be decoded',
      build({ 11: delimited(11, [0x0a, 9]) }),
    ),
    refused(
      'C2',
      'schema-violation',
      'a grant that cannot be decoded, and a position in two pieces',
      build({ 7: inPieces, 11: delimited(11, [0x0a, 9]) }),
    ),
    odd('an unknown field of the message', build({}, numeric(13, 1))),
    odd(
      'an unknown field of a position',
      build({ 7: delimited(7, joined(numeric(1, 1), delimited(2, hash), numeric(3, 1))) }),
    ),
    odd(
      'an unknown field of a section digest',
      build({ 10: delimited(10, joined(numeric(1, 6), delimited(2, hash), numeric(9, 1))) }),
    ),
    odd(
      'an unknown field of a grant',
      build({ 11: delimited(11, joined(grant(), numeric(9, 1))) }),
    ),
    odd(
      'an unknown field beside the step',
      withBody(joined(delimited(3, joined(...riskStep)), delimited(200, []))),
    ),
    odd('an unknown field of the step', withBody(delimited(3, joined(...riskStep, numeric(3, 1))))),
    odd(
      'fields out of order',
      joined(delimited(2, referralId), delimited(1, messageId), build({ 1: nothing, 2: nothing })),
    ),
    odd(
      'fields of the step out of order',
      withBody(delimited(3, joined(riskStep[1], riskStep[0]))),
    ),
    odd('a varint with a byte too many', build({ 5: numeric(5, [0x82, 0x00]) })),
    odd('a tag with a byte too many', build({ 5: Buffer.of(0xa8, 0x00, 0x02) })),
    odd(
      'a length with a byte too many',
      build({ 12: Buffer.from([0x62, (long.length - 2) | 0x80, 0, ...long.subarray(2)]) }),
    ),
    odd(
      'a list that is not packed',
      build({ 11: delimited(11, grant(joined(numeric(3, 6), numeric(3, 9)))) }),
    ),
    odd(
      'a packed list in two pieces',
      build({ 11: delimited(11, grant(joined(delimited(3, [6]), delimited(3, [9])))) }),
    ),
    odd(
      'a default that is written out',
      withBody(delimited(3, joined(riskStep[0], numeric(2, 0)))),
    ),
    odd(
      'an empty list that is written out',
      withBody(delimited(26, joined(numeric(1, 1), delimited(2, []), numeric(6, 1)))),
    ),
    odd('a field twice: the last counts', build({ 5: joined(numeric(5, 3), numeric(5, 2)) })),
    odd('a position in two pieces: they are merged', build({ 7: inPieces })),
    odd('a body in two pieces', build({ 12: joined(delimited(12, []), long) })),
    odd('two steps', withBody(joined(delimited(3, joined(...riskStep)), delimited(23, [])))),
    odd(
      'a number wider than its 32 bits',
      build({ 5: numeric(5, [0x82, 0x80, 0x80, 0x80, 0x10]) }),
    ),
    odd('a true that is not 1', withBody(delimited(6, numeric(1, 2)))),
  ];
}

export function envelopeFaults(): CanonicalVector[] {
  const wrong = (name: string, changed: Fields) =>
    rejected('M1', 'SCHEMA_VIOLATION', name, build(changed));
  const id = uuidOf('message');
  const domain = `https://${'a'.repeat(limits.entityIdBytesMax)}.example`;
  return [
    rejected('M1', 'SCHEMA_VIOLATION', 'no fields at all', nothing),
    wrong('a message_id in capitals', { 1: delimited(1, id.toUpperCase()) }),
    wrong('a message_id of version 7', { 1: delimited(1, `${id.slice(0, 14)}7${id.slice(15)}`) }),
    wrong('a referral_id without hyphens', { 2: delimited(2, referralId.replaceAll('-', '')) }),
    wrong('a from that is no entity identifier', { 3: delimited(3, 'harbour') }),
    wrong('a from of plain http', { 3: delimited(3, 'http://harbour.example') }),
    wrong('a from with a query', { 3: delimited(3, `${from}?a=b`) }),
    wrong('a from that is not UTF-8', { 3: delimited(3, [0x68, 0xff]) }),
    wrong('a from of more than 256 bytes', { 3: delimited(3, domain) }),
    wrong('a to that is everybody', { 4: delimited(4, 'everybody') }),
    wrong('a seq of 0', { 5: nothing }),
    wrong('a seq beyond the longest chain', { 5: numeric(5, limits.messagesPerChainMax + 1) }),
    wrong('a seq in another wire type', { 5: Buffer.of(0x2d, 2, 0, 0, 0) }),
    wrong('a previous of 31 bytes', { 6: delimited(6, hash.subarray(1)) }),
    wrong('a seen without digest', { 7: delimited(7, numeric(1, 1)) }),
    wrong('a seen that is empty', { 7: delimited(7, []) }),
    wrong('no sent_at', { 8: nothing }),
    wrong('a sent_at after the year 9999', { 8: numeric(8, 253_402_300_800) }),
    wrong('a sent_at beyond 2^53', { 8: numeric(8, 2 ** 54) }),
    wrong('a sent_at before 1970', { 8: numeric(8, negative) }),
    wrong('no expires_at', { 9: nothing }),
  ];
}

const negative = [...Array<number>(9).fill(0xff), 0x01];

export function contentFaults(): CanonicalVector[] {
  const wrong = (check: string, name: string, changed: Fields) =>
    refused(check, 'schema-violation', name, build(changed));
  const digestOf = (section: number, bytes: Uint8Array = hash) =>
    delimited(10, joined(numeric(1, section), delimited(2, bytes)));
  const step = (number: number, content: Buffer | readonly number[]) => ({
    12: delimited(12, delimited(number, content)),
  });
  const many = (count: number, one: Buffer) => joined(...Array<Buffer>(count).fill(one));
  const withdrawn = (...rest: Buffer[]) => step(26, joined(...rest));
  return [
    wrong('M2', 'a section that does not exist', { 10: digestOf(99) }),
    wrong('M2', 'a section that is not told', { 10: delimited(10, delimited(2, hash)) }),
    wrong('M2', 'a section digest of 31 bytes', { 10: digestOf(6, hash.subarray(1)) }),
    wrong('M2', 'a section twice', { 10: joined(digestOf(6), digestOf(6)) }),
    wrong('M3', 'a grant that names a section twice', {
      11: delimited(11, grant(delimited(3, [6, 6]))),
    }),
    wrong('M3', 'a grant of no section', { 11: delimited(11, grant(nothing)) }),
    wrong('M3', 'a grant of a section that is not told', {
      11: delimited(11, grant(delimited(3, [6, 0]))),
    }),
    wrong('M3', 'a grant to "partners"', {
      11: delimited(
        11,
        joined(
          delimited(1, grantId),
          delimited(2, 'partners'),
          delimited(3, [6]),
          numeric(4, 2),
          numeric(5, 2),
          numeric(6, expiresAt),
        ),
      ),
    }),
    wrong('M3', 'a grant without an end', {
      11: delimited(11, grant().subarray(0, -1 - varint(expiresAt).length)),
    }),
    wrong('M3', 'a grant without a purpose', {
      11: delimited(
        11,
        joined(
          delimited(1, grantId),
          delimited(2, to),
          delimited(3, [6]),
          numeric(4, 2),
          numeric(6, expiresAt),
        ),
      ),
    }),
    wrong('M3', '33 grants', { 11: many(limits.grantsPerMessageMax + 1, delimited(11, grant())) }),
    wrong('M4', 'a question about no section', step(4, [])),
    wrong('M4', 'a question about a section that does not exist', step(4, numeric(1, 99))),
    wrong('M4', 'an answer to question 0', step(5, [])),
    wrong('M4', 'a hold without a date of review', step(22, [])),
    wrong('M4', 'a hold until after the year 9999', step(22, numeric(1, 2 ** 54))),
    wrong('M4', 'a milestone that does not exist', step(20, numeric(1, 14))),
    wrong(
      'M4',
      'a withdrawal that does not say whether the person wants to be met',
      withdrawn(numeric(1, 1)),
    ),
    wrong(
      'M4',
      'a withdrawal that names a section twice',
      withdrawn(delimited(2, [6, 6]), numeric(6, 1)),
    ),
    wrong('M4', 'a refusal without a reason', step(34, joined(numeric(1, 1), delimited(2, hash)))),
    wrong(
      'M4',
      'a refusal with a digest of 31 bytes',
      step(34, joined(numeric(1, 1), delimited(2, hash.subarray(1)), numeric(3, 3))),
    ),
    wrong('M4', 'a completion without a word on the person’s view', step(30, [])),
    wrong(
      'M4',
      'a request with a case code in capitals',
      step(
        1,
        joined(numeric(1, 1), delimited(2, uuidOf('case').toUpperCase()), numeric(3, sentAt + DAY)),
      ),
    ),
    wrong(
      'M4',
      'a request that continues a referral without its head',
      step(
        1,
        joined(
          numeric(1, 1),
          delimited(2, uuidOf('case')),
          numeric(3, sentAt + DAY),
          delimited(5, delimited(1, referralId)),
        ),
      ),
    ),
  ];
}
