// The envelope of a message whose body, sections or grants cannot be decoded:
// it takes its place in the chain all the same, and is refused there.
import protobuf from 'protobufjs';

import { Refusal } from '#model/refusal.ts';

import { type Model, makeWireType, wireType } from './convert.ts';
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
    const nested = frame.decode(bytes) as unknown as Record<string, Uint8Array>;
    const {
      seen: _,
      sections: __,
      grants: ___,
      body: ____,
      ...envelope
    } = frameWire.decode(bytes).model;
    // Presence counts here: an empty position is one, and a wrong one.
    if (Object.hasOwn(nested, 'seen')) envelope['seen'] = decodeNested(position, nested['seen']);
    return { envelope, body: readBody(nested['body']) };
  } catch (cause) {
    throw new Refusal('MALFORMED', 'The message cannot be decoded.', { cause });
  }
}

function readBody(bytes: Uint8Array | undefined): Model | null {
  try {
    return decodeNested(body, bytes);
  } catch {
    return null;
  }
}

function decodeNested(type: typeof body, bytes: Uint8Array = new Uint8Array()): Model {
  return type.decode(bytes).model;
}

// Message again, with every nested message left as bytes.
function frameType(): protobuf.Type {
  const type = new protobuf.Type('MessageFrame');
  for (const field of schema.lookupType('srx.exchange.v1.Message').fieldsArray) {
    const { resolvedType, type: name, id, repeated } = field;
    const isNested = resolvedType instanceof protobuf.Type;
    type.add(
      new protobuf.Field(
        field.name,
        id,
        isNested ? 'bytes' : name,
        repeated ? 'repeated' : 'optional',
      ),
    );
  }
  new protobuf.Root().add(type).resolveAll();
  return type;
}
