import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type Message, STEP_NAMES } from '#model/message.ts';
import { codec } from '#wire/codec.ts';
import { RAW_BYTES, wireType } from '#wire/convert.ts';
import { schema } from '#wire/schema.ts';

import { bodies, message, receipt } from './arbitrary.ts';
import { codeOf } from './refusals.ts';

const id = (digit: string) => `${digit.repeat(8)}-0000-4000-8000-000000000000`;
const hash = Buffer.alloc(32, 7).toString('base64url');
const sample: Message = {
  messageId: id('1'),
  referralId: id('2'),
  from: 'https://north.example',
  to: 'https://south.example',
  seq: 2,
  previous: hash,
  seen: { seq: 1, digest: hash },
  sentAt: 1_800_000_000,
  expiresAt: 1_800_086_400,
  sections: [{ section: 'risk', digest: hash }],
  grants: [
    {
      grantId: id('3'),
      recipient: 'https://south.example',
      sections: ['risk', 'needs'],
      stage: 'assessment',
      purpose: 'assess-safety',
      until: 1_800_086_400,
    },
  ],
  body: { step: 'riskAssessed', riskAssessed: { assessedAt: 1_800_000_000, answersSeq: 1 } },
};

// Wire format by hand (protobuf encoding: tag = number << 3 | wire type).
const varint = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 128))];
const nested = (number: number, bytes: Uint8Array | readonly number[]) =>
  Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length), ...bytes]);
const int = (number: number, value: number | readonly number[]) =>
  Buffer.from([...varint(number * 8), ...(typeof value === 'number' ? varint(value) : value)]);

type Parts = Partial<Record<number, Buffer>>;
const own = Buffer.from('00'.repeat(0), 'hex');
const h = Buffer.alloc(32, 7);
const parts: Required<{ [n in 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12]: Buffer }> = {
  1: nested(1, Buffer.from(sample.messageId)),
  2: nested(2, Buffer.from(sample.referralId)),
  3: nested(3, Buffer.from(sample.from)),
  4: nested(4, Buffer.from(sample.to)),
  5: int(5, 2),
  6: nested(6, h),
  7: nested(7, Buffer.concat([int(1, 1), nested(2, h)])),
  8: int(8, 1_800_000_000),
  9: int(9, 1_800_086_400),
  10: nested(10, Buffer.concat([int(1, 6), nested(2, h)])),
  11: nested(11, grantBytes()),
  12: nested(12, nested(3, Buffer.concat([int(1, 1_800_000_000), int(2, 1)]))),
};

function grantBytes(sections: Buffer = nested(3, [6, 9])): Buffer {
  return Buffer.concat([
    nested(1, Buffer.from(id('3'))),
    nested(2, Buffer.from('https://south.example')),
    sections,
    int(4, 2),
    int(5, 2),
    int(6, 1_800_086_400),
  ]);
}

const build = (changed: Parts = {}, after: Uint8Array = own) =>
  Buffer.concat([...Object.values({ ...parts, ...changed }).map((b) => b ?? own), after]);
const body = (inner: Buffer) => build({ 12: nested(12, inner) });
const request = (version: Buffer) =>
  body(nested(1, Buffer.concat([version, nested(2, Buffer.from(id('4'))), int(3, 1_800_000_000)])));
const fault = (bytes: Uint8Array) => codec.decodeMessage(bytes).fault;

describe('a message', () => {
  it('is encoded as the bytes that its proto file says', () => {
    expect(Buffer.from(codec.encodeMessage(sample)).equals(build())).toBe(true);
    expect(codec.decodeMessage(build())).toMatchObject({
      fault: null,
      content: { body: sample.body },
    });
  });

  it('is the same after encoding and decoding, whatever its step', () => {
    expect(bodies).toHaveLength(STEP_NAMES.length);
    fc.assert(
      fc.property(message, (made) => {
        const { envelope, content, fault: none } = codec.decodeMessage(codec.encodeMessage(made));
        expect(none).toBeNull();
        expect({ ...envelope, ...content }).toEqual(made);
      }),
      { numRuns: 400 },
    );
  });

  it('has exactly one encoding: no other bytes decode to it', () => {
    fc.assert(
      fc.property(
        message,
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (made, at, kind, by) => {
          const bytes = Buffer.from(codec.encodeMessage(made));
          const mutated = mutate(bytes, at % (bytes.length + 1), kind % 4, by);
          if (mutated.equals(bytes)) return;
          const decoded = tryDecode(mutated);
          if (decoded === null || decoded.fault !== null) return;
          const again = { ...decoded.envelope, ...decoded.content } as Message;
          expect(Buffer.from(codec.encodeMessage(again)).equals(mutated)).toBe(true);
          expect(again).not.toEqual(made);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('is parsed before it is encoded: an unknown key or code is refused, naming the field', () => {
    const wrong = { ...sample, note: 'x' } as unknown as Message;
    expect(() => codec.encodeMessage(wrong)).toThrow(
      expect.objectContaining({ code: 'SCHEMA_VIOLATION' }),
    );
    const odd = { step: 'followUpReported', followUpReported: { milestone: 'days-8' } };
    expect(() => codec.encodeMessage({ ...sample, body: odd } as unknown as Message)).toThrow(
      /body\.followUpReported\.milestone/,
    );
  });
});

describe('a message that is not canonical', () => {
  const risk = [int(1, 1_800_000_000), int(2, 1)] as const;
  const cases: Record<string, Buffer> = {
    'an unknown field at the top': build({}, int(13, 1)),
    'an unknown field in a position': build({
      7: nested(7, Buffer.concat([int(1, 1), nested(2, h), int(3, 1)])),
    }),
    'an unknown field in a section digest': build({
      10: nested(10, Buffer.concat([int(1, 6), nested(2, h), int(9, 1)])),
    }),
    'an unknown field in a grant': build({
      11: nested(11, Buffer.concat([grantBytes(), int(9, 1)])),
    }),
    'an unknown field beside the step': body(
      Buffer.concat([nested(3, Buffer.concat([...risk])), nested(200, [])]),
    ),
    'an unknown field in the step': body(nested(3, Buffer.concat([...risk, int(3, 1)]))),
    'fields out of order': Buffer.concat([parts[2], parts[1], build({ 1: own, 2: own })]),
    'nested fields out of order': body(nested(3, Buffer.concat([risk[1], risk[0]]))),
    'a long varint': build({ 5: int(5, [0x82, 0x00]) }),
    'a long tag': build({ 5: Buffer.from([0xa8, 0x00, 0x02]) }),
    'a long length': build({ 12: Buffer.from([0x62, ...longLength(parts[12])]) }),
    'unpacked section names': build({
      11: nested(11, grantBytes(Buffer.concat([int(3, 6), int(3, 9)]))),
    }),
    'packed names in two pieces': build({
      11: nested(11, grantBytes(Buffer.concat([nested(3, [6]), nested(3, [9])]))),
    }),
    'an explicit default': body(nested(3, Buffer.concat([risk[0], int(2, 0)]))),
    'an explicit empty list': body(
      nested(26, Buffer.concat([int(1, 1), nested(2, []), int(6, 1)])),
    ),
    'a field twice': build({ 5: Buffer.concat([int(5, 3), int(5, 2)]) }),
    'a body in two pieces': build({
      12: Buffer.concat([nested(12, []), parts[12]]),
    }),
    'two steps, in order': body(
      Buffer.concat([nested(3, Buffer.concat([...risk])), nested(23, [])]),
    ),
    'two steps, the other way': body(
      Buffer.concat([nested(23, []), nested(3, Buffer.concat([...risk]))]),
    ),
    'a number wider than 32 bits': build({ 5: int(5, [0x82, 0x80, 0x80, 0x80, 0x10]) }),
    'a true that is not 1': body(nested(6, int(1, 2))),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    it(`is refused with its envelope read: ${name}`, () => {
      const decoded = codec.decodeMessage(bytes);
      expect(decoded.fault).toBe('schema-violation');
      expect(decoded.envelope.messageId).toBe(sample.messageId);
    });
  }
});

describe('a message that is not understood', () => {
  it('says unsupported-version for a body that is unset, empty or a step unknown here', () => {
    expect(fault(build({ 12: own }))).toBe('unsupported-version');
    expect(fault(body(own))).toBe('unsupported-version');
    expect(fault(body(nested(200, [1, 2])))).toBe('unsupported-version');
  });

  it('says unsupported-version first, also when the bytes are not canonical or the grants wrong', () => {
    expect(fault(build({ 12: nested(12, nested(200, [])) }, int(13, 1)))).toBe(
      'unsupported-version',
    );
    expect(fault(build({ 11: nested(11, [0x0a, 9]), 12: own }))).toBe('unsupported-version');
  });

  it('says unsupported-version for the rules of another version', () => {
    expect(fault(request(int(1, 1)))).toBeNull();
    expect(fault(request(int(1, 2)))).toBe('unsupported-version');
    expect(fault(request(own))).toBe('unsupported-version');
  });

  it('says schema-violation for a content against its schema', () => {
    expect(fault(body(nested(4, int(1, 99))))).toBe('schema-violation'); // no such section
    expect(fault(body(nested(4, [])))).toBe('schema-violation'); // section unspecified
    expect(fault(body(nested(22, int(1, 2 ** 54))))).toBe('schema-violation'); // beyond 2^53
    const twice = nested(11, grantBytes(nested(3, [6, 6])));
    expect(fault(build({ 11: twice }))).toBe('schema-violation');
    const unspecified = nested(11, grantBytes(nested(3, [6, 0])));
    expect(fault(build({ 11: unspecified }))).toBe('schema-violation');
    const short = nested(10, Buffer.concat([int(1, 6), nested(2, h.subarray(1))]));
    expect(fault(build({ 10: short }))).toBe('schema-violation');
  });

  it('keeps its place in the chain when body, sections or grants cannot be decoded', () => {
    for (const broken of [
      build({ 12: nested(12, [0x1a, 9, 1]) }),
      build({ 11: nested(11, [0x0a, 9]) }),
      build({ 11: nested(11, nested(1, [0xff, 0xfe])) }), // not UTF-8
    ]) {
      expect(codec.decodeMessage(broken)).toMatchObject({
        fault: 'schema-violation',
        envelope: { messageId: sample.messageId, seq: 2, seen: sample.seen },
      });
    }
  });

  it('is MALFORMED when no envelope can be decoded', () => {
    for (const bytes of [
      build().subarray(0, -1),
      Buffer.from([0xff]),
      build({ 7: nested(7, [0x12, 9]) }),
    ]) {
      expect(codeOf(() => codec.decodeMessage(bytes))).toBe('MALFORMED');
    }
  });

  it('is a SCHEMA_VIOLATION that names the field when the envelope is against its schema', () => {
    expect(codeOf(() => codec.decodeMessage(Buffer.of()))).toBe('SCHEMA_VIOLATION');
    expect(() => codec.decodeMessage(build({ 4: nested(4, Buffer.from('everybody')) }))).toThrow(
      /in to\b/,
    );
    expect(() => codec.decodeMessage(build({ 5: int(5, 4097) }))).toThrow(/in seq\b/);
    expect(() =>
      codec.decodeMessage(build({ 7: nested(7, []), 11: nested(11, [0x0a, 9]) })),
    ).toThrow(/in seen/);
    expect(() => codec.decodeMessage(build({ 8: int(8, 2 ** 54) }))).toThrow(/in sentAt/);
  });
});

describe('a receipt', () => {
  it('is the same after encoding and decoding', () => {
    fc.assert(
      fc.property(receipt, (made) => {
        expect(codec.decodeReceipt(codec.encodeReceipt(made))).toEqual(made);
      }),
    );
  });

  it('is refused when it is broken, not canonical or names a reason unknown here', () => {
    const [made] = fc.sample(receipt, { numRuns: 1, seed: 1 });
    if (made === undefined) throw new Error('no sample');
    const { reason: _, ...plain } = made;
    const bytes = Buffer.from(codec.encodeReceipt(plain));
    expect(codeOf(() => codec.decodeReceipt(bytes.subarray(0, -1)))).toBe('MALFORMED');
    expect(codeOf(() => codec.decodeReceipt(Buffer.concat([bytes, int(13, 1)])))).toBe(
      'SCHEMA_VIOLATION',
    );
    const wire = schema.lookupType('srx.exchange.v1.Receipt');
    const unknown = wire.encode(Object.assign(wire.decode(bytes), { reason: 99 })).finish();
    expect(codeOf(() => codec.decodeReceipt(unknown))).toBe('SCHEMA_VIOLATION');
  });
});

describe('the conversion', () => {
  it('turns a number beyond 2^53 into none, instead of into its neighbour', () => {
    const held = wireType('srx.exchange.v1.Held');
    expect(held.decode(int(1, 2 ** 53 - 1)).model).toEqual({ reviewAt: 2 ** 53 - 1 });
    expect(held.decode(int(1, 2 ** 53)).model).toEqual({ reviewAt: Number.NaN });
  });

  it('knows every field that stays bytes by its true name', () => {
    for (const name of RAW_BYTES) {
      const [typeName, field] = [
        name.slice(1, name.lastIndexOf('.')),
        name.split('.').at(-1) ?? '',
      ];
      expect(schema.lookupType(typeName).fields[field]?.type, name).toBe('bytes');
    }
  });

  it('gives the default of every field of an empty message in the form of the model', () => {
    expect(wireType('srx.casework.v1.GetCaseResponse').decode(Buffer.of()).model).toEqual({
      caseFile: Buffer.of(),
    });
    expect(wireType('srx.exchange.v1.ReferralHeads').decode(Buffer.of()).model).toEqual({
      referralId: '',
      receiptsWanted: [],
    });
  });
});

function longLength(part: Buffer): number[] {
  const length = part.length - 2; // one byte of tag, one of length
  return [length | 0x80, 0x00, ...part.subarray(2)];
}

function mutate(bytes: Buffer, at: number, kind: number, by: number): Buffer {
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
  if (kind === 0) return Buffer.concat([head, Buffer.from([by]), tail]);
  if (kind === 1) return Buffer.concat([head, tail.subarray(1)]);
  if (kind === 2)
    return Buffer.concat([head, Buffer.from([(tail[0] ?? 0) ^ by]), tail.subarray(1)]);
  return Buffer.concat([tail, head]);
}

function tryDecode(bytes: Buffer) {
  try {
    return codec.decodeMessage(bytes);
  } catch (error) {
    expect(error).toHaveProperty('name', 'Refusal');
    return null;
  }
}
