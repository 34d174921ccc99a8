// Between a message of protobufjs and its form in the model: codes for enums,
// base64url text for bytes, plain numbers for int64, nothing for what is unset.
import protobuf from 'protobufjs';

import { Refusal } from '#model/refusal.ts';

import { Proto3Reader } from './proto3-reader.ts';
import { schema } from './schema.ts';

/** These stay bytes: content in the clear, never turned into text on its way. */
export const RAW_BYTES: ReadonlySet<string> = new Set([
  '.srx.exchange.v1.Parcel.padding',
  '.srx.exchange.v1.SectionContent.salt',
  '.srx.exchange.v1.SectionContent.content',
  '.srx.casework.v1.ImportCaseRequest.caseFile',
  '.srx.casework.v1.GetCaseResponse.caseFile',
  '.srx.casework.v1.SectionInput.content',
  '.srx.casework.v1.OpenSectionResponse.content',
  '.srx.casework.v1.ExportReferralResponse.evidence',
  '.srx.casework.v1.MakeCopyResponse.copy',
  '.srx.casework.v1.GetHoldingsResponse.holdings',
  '.srx.casework.v1.ReportBreachRequest.breach',
  '.srx.casework.v1.RecordDemandRequest.record',
  '.srx.casework.v1.DecideDemandRequest.decision',
  '.srx.casework.v1.RecordDisclosureRequest.record',
  '.srx.casework.v1.MatterEntry.content',
  '.srx.casework.v1.AskConsentResponse.form',
  '.srx.casework.v1.RecordConsentRequest.form',
]);

export type Model = Record<string, unknown>;

/** One message type with its two directions. */
export type WireType = {
  /** Canonical bytes: fields ascending, shortest varints, packed, defaults omitted. */
  encode(model: object): Buffer;
  /** The model form, not yet judged by zod. Throws whatever protobufjs throws. */
  decode(bytes: Uint8Array): { model: Model; isCanonical: () => boolean };
};

/** What can be decoded and stands in its one form. @throws Refusal MALFORMED, SCHEMA_VIOLATION */
export function decodeCanonical(wire: WireType, what: string, bytes: Uint8Array): Model {
  let decoded: ReturnType<WireType['decode']>;
  try {
    decoded = wire.decode(bytes);
  } catch (cause) {
    throw new Refusal('MALFORMED', `${what} cannot be decoded.`, { cause });
  }
  if (decoded.isCanonical()) return decoded.model;
  throw new Refusal('SCHEMA_VIOLATION', `${what} is not in canonical form.`);
}

type Value = (value: unknown) => unknown;
type Field = {
  name: string;
  isRepeated: boolean;
  isMessage: boolean;
  isEnum: boolean;
  /** Name of the oneof that it belongs to. */
  oneof: string | null;
  toWire: Value | null;
  toModel: Value | null;
};

const plans = new Map<protobuf.Type, Field[]>();
const wireTypes = new Map<string, WireType>();

export function wireType(fullName: string): WireType {
  let found = wireTypes.get(fullName);
  if (found === undefined) {
    found = makeWireType(schema.lookupType(fullName));
    wireTypes.set(fullName, found);
  }
  return found;
}

/** `type` may come from another root than the schema. */
export function makeWireType(type: protobuf.Type): WireType {
  const fields = planOf(type);
  return {
    encode: (model) => asBuffer(type.encode(toWire(fields, model as Model)).finish()),
    decode: (bytes) => {
      const message = decodeFields(type, bytes);
      return {
        model: toModel(fields, message),
        isCanonical: () => asBuffer(type.encode(message).finish()).equals(bytes),
      };
    },
  };
}

/** Throws whatever protobufjs throws. */
export function decodeFields(type: protobuf.Type, bytes: Uint8Array): protobuf.Message & Model {
  return type.decode(new Proto3Reader(asBuffer(bytes)));
}

/** 'SECTION_FOLLOW_UP' of enum Section is 'follow-up'; the number 0 has no code. */
export function enumCodes(type: protobuf.Enum): Map<number, string> {
  const prefix = `${type.name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase()}_`;
  const codes = new Map<number, string>();
  for (const [name, number] of Object.entries(type.values)) {
    if (!name.startsWith(prefix)) throw new Error(`${name} does not start with ${prefix}`);
    if (number !== 0)
      codes.set(number, name.slice(prefix.length).toLowerCase().replaceAll('_', '-'));
  }
  return codes;
}

function planOf(type: protobuf.Type): Field[] {
  let fields = plans.get(type);
  if (fields === undefined) {
    fields = [];
    plans.set(type, fields);
    for (const field of type.fieldsArray) fields.push(planField(field.resolve()));
  }
  return fields;
}

function planField(field: protobuf.Field): Field {
  if (field.map) throw new Error(`${field.fullName}: maps have no canonical form`);
  return {
    name: field.name,
    isRepeated: field.repeated,
    isMessage: field.resolvedType instanceof protobuf.Type,
    isEnum: field.resolvedType instanceof protobuf.Enum,
    oneof: field.partOf?.name ?? null,
    ...conversion(field),
  };
}

function conversion(field: protobuf.Field): { toWire: Value | null; toModel: Value | null } {
  const { resolvedType: type } = field;
  if (type instanceof protobuf.Type) {
    const fields = planOf(type);
    return {
      toWire: (value) => toWire(fields, value as Model),
      toModel: (value) => toModel(fields, value as Model),
    };
  }
  if (type instanceof protobuf.Enum) {
    const codes = enumCodes(type);
    const numbers = new Map([...codes].map(([number, code]) => [code, number] as const));
    return {
      toWire: (value) => known(numbers.get(value as string), field),
      // An unknown number stays one: no list of codes takes it.
      toModel: (value) => codes.get(value as number) ?? value,
    };
  }
  if (field.type === 'bytes') {
    return RAW_BYTES.has(field.fullName)
      ? { toWire: null, toModel: (value) => asBuffer(value as Uint8Array) }
      : {
          toWire: (value) => Buffer.from(value as string, 'base64url'),
          toModel: (value) => asBuffer(value as Uint8Array).toString('base64url'),
        };
  }
  if (field.type === 'int64') return { toWire: null, toModel: int64 };
  return { toWire: null, toModel: null };
}

// Beyond 2^53 a number would be another one: NaN, which no schema takes.
function int64(value: unknown): number {
  if (typeof value === 'number') return value;
  const { low, high } = value as { low: number; high: number };
  const number = high * 2 ** 32 + (low >>> 0);
  return Number.isSafeInteger(number) ? number : Number.NaN;
}

function toWire(fields: readonly Field[], model: Model): Model {
  const wire: Model = {};
  for (const field of fields) {
    const value = model[field.name];
    if (value === undefined) continue;
    const { toWire: convert } = field;
    if (convert === null) wire[field.name] = value;
    else wire[field.name] = field.isRepeated ? (value as unknown[]).map(convert) : convert(value);
  }
  return wire;
}

function toModel(fields: readonly Field[], message: Model): Model {
  const model: Model = {};
  for (const field of fields) {
    const value = message[field.name];
    const { toModel: convert } = field;
    if (field.isRepeated) {
      model[field.name] = convert === null ? value : (value as unknown[]).map(convert);
      continue;
    }
    if (field.isMessage && (value === null || value === undefined)) continue;
    if (field.isEnum && value === 0) continue;
    if (field.oneof !== null) model[field.oneof] = field.name;
    model[field.name] = convert === null ? value : convert(value);
  }
  return model;
}

function known(number: number | undefined, field: protobuf.Field): number {
  if (number === undefined) throw new TypeError(`${field.fullName}: no such code`);
  return number;
}

// Unset bytes are a plain empty array in protobufjs.
function asBuffer(bytes: Uint8Array | never[]): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  if (Array.isArray(bytes)) return Buffer.from(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
