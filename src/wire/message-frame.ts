// The envelope of a message whose body, sections or grants cannot be decoded:
// it takes its place in the chain all the same, and is refused there.
import protobuf from 'protobufjs';

import { Refusal } from '#model/refusal.ts';

import { decodeFields, type Model, makeWireType, wireType } from './convert.ts';
import { schema } from './schema.ts';

/** `body` is null when not even its step can be read. */
export type Frame = { envelope: Model; body: Model | null };

const position = wireType('srx.exchange.v1.ChainPosition');
const body = wireType('srx.exchange.v1.Body');
const frame = frameType();
const frameWire = makeWireType(frame);

/** @throws Refusal MALFORMED */
export function readFrame(bytes: Uint8Array): Frame {
  try {
    const pieces = decodeFields(frame, bytes) as Record<string, Uint8Array[]>;
    const {
      seen: _,
      sections: __,
      grants: ___,
      body: ____,
      ...envelope
    } = frameWire.decode(bytes).model;
    const { seen = [], body: step = [] } = pieces;
    // Presence counts here: an empty position is one, and a wrong one.
    if (seen.length > 0) envelope['seen'] = merged(position, seen);
    return { envelope, body: readBody(step) };
  } catch (cause) {
    throw new Refusal('MALFORMED', 'The message cannot be decoded.', { cause });
  }
}

function readBody(pieces: readonly Uint8Array[]): Model | null {
  try {
    return merged(body, pieces);
  } catch {
    return null;
  }
}

/** A message that stands in pieces is what they say one after the other. */
function merged(type: typeof body, pieces: readonly Uint8Array[]): Model {
  return type.decode(Buffer.concat(pieces)).model;
}

// Message again, with every nested message left as bytes, all of its pieces.
function frameType(): protobuf.Type {
  const type = new protobuf.Type('MessageFrame');
  for (const field of schema.lookupType('srx.exchange.v1.Message').fieldsArray) {
    const { resolvedType, type: name, id, repeated } = field;
    const isNested = resolvedType instanceof protobuf.Type;
    const rule = isNested || repeated ? 'repeated' : 'optional';
    type.add(new protobuf.Field(field.name, id, isNested ? 'bytes' : name, rule));
  }
  new protobuf.Root().add(type).resolveAll();
  return type;
}
