// Messages and receipts as bytes and back, by the rules of "canonical form" in
// proto/README.md. What cannot be understood is told apart from what is wrong.
import { z } from 'zod';

import type { Codec, DecodedMessage } from '#exchange/ports.ts';
import { limits } from '#model/limits.ts';
import { Content, Envelope, type Message, Receipt } from '#model/message.ts';

import { decodeCanonical, type Model, wireType } from './convert.ts';
import { shapeRefusal } from './faults.ts';
import { type Frame, readFrame } from './message-frame.ts';
import { decodeParcel, encodeParcel } from './parcel-codec.ts';

const messageWire = wireType('srx.exchange.v1.Message');
const receiptWire = wireType('srx.exchange.v1.Receipt');
const WholeMessage = z.strictObject({ ...Envelope.shape, ...Content.shape });

export const codec: Codec = {
  encodeMessage,
  decodeMessage,
  encodeReceipt,
  decodeReceipt,
  encodeParcel,
  decodeParcel,
};

function encodeMessage(message: Message): Uint8Array {
  const parsed = WholeMessage.safeParse(message);
  if (!parsed.success) throw shapeRefusal('The message', parsed.error);
  return messageWire.encode(parsed.data);
}

function decodeMessage(bytes: Uint8Array): DecodedMessage {
  const { envelope, body, rest } = open(bytes);
  const parsed = Envelope.safeParse(envelope);
  if (!parsed.success) throw shapeRefusal('The envelope of the message', parsed.error);
  const understood = judge(body, rest);
  return { envelope: parsed.data, ...understood };
}

type Opened = Omit<Frame, 'rest'> & {
  /** Null where more than the envelope and the body's step could not be read. */
  rest: { content: Model; isCanonical: () => boolean } | null;
};

function open(bytes: Uint8Array): Opened {
  try {
    const { model, isCanonical } = messageWire.decode(bytes);
    const { sections, grants, body, ...envelope } = model;
    const content = body === undefined ? { sections, grants } : { sections, grants, body };
    return { envelope, body: (body as Model | undefined) ?? {}, rest: { content, isCanonical } };
  } catch {
    return { ...readFrame(bytes), rest: null };
  }
}

type Understood =
  | { content: Content; fault: null }
  | { content: null; fault: 'unsupported-version' | 'schema-violation' };

// A step that we do not know comes first: its sender is newer, not wrong.
function judge(body: Model | null, rest: Opened['rest']): Understood {
  if (body !== null && !isOurVersion(body)) return { content: null, fault: 'unsupported-version' };
  if (rest === null || !rest.isCanonical()) return { content: null, fault: 'schema-violation' };
  const parsed = Content.safeParse(rest.content);
  if (!parsed.success) return { content: null, fault: 'schema-violation' };
  return { content: parsed.data, fault: null };
}

function isOurVersion(body: Model): boolean {
  if (body['step'] === undefined) return false;
  const request = body['referralRequest'] as { rulesVersion: number } | undefined;
  return request === undefined || request.rulesVersion === limits.rulesVersion;
}

function encodeReceipt(receipt: Receipt): Uint8Array {
  const parsed = Receipt.safeParse(receipt);
  if (!parsed.success) throw shapeRefusal('The receipt', parsed.error);
  return receiptWire.encode(parsed.data);
}

function decodeReceipt(bytes: Uint8Array): Receipt {
  const parsed = Receipt.safeParse(decodeCanonical(receiptWire, 'The receipt', bytes));
  if (!parsed.success) throw shapeRefusal('The receipt', parsed.error);
  return parsed.data;
}
