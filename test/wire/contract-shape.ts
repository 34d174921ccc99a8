// Holds a zod schema to a proto message, field by field and both ways.
import protobuf from 'protobufjs';
import { z } from 'zod';

import { enumCodes, RAW_BYTES } from '#wire/convert.ts';

/** Every difference, in words; empty when they are the same. */
export function differences(
  schema: z.ZodType,
  type: protobuf.Type,
  at: string = type.name,
): string[] {
  if (!(schema instanceof z.ZodObject)) return [`${at}: no object in the contract`];
  const shape = schema.shape as Record<string, z.ZodType>;
  const extra = Object.keys(shape).filter((name) => type.fields[name] === undefined);
  const strict = schema.def.catchall instanceof z.ZodNever ? [] : [`${at}: not strict`];
  return [
    ...strict,
    ...extra.map((name) => `${at}.${name}: not in the proto`),
    ...type.fieldsArray.flatMap((field) => {
      const own = shape[field.name];
      const where = `${at}.${field.name}`;
      return own === undefined ? [`${where}: not in the contract`] : fieldOf(own, field, where);
    }),
  ];
}

function fieldOf(schema: z.ZodType, field: protobuf.Field, at: string): string[] {
  field.resolve();
  if (!field.repeated) return valueOf(schema, field, at);
  if (!(schema instanceof z.ZodArray)) return [`${at}: repeated, yet no array`];
  return valueOf(schema.element as z.ZodType, field, at);
}

function valueOf(schema: z.ZodType, field: protobuf.Field, at: string): string[] {
  const { resolvedType: type } = field;
  const isOptional = schema instanceof z.ZodOptional;
  const inner = isOptional ? (schema.unwrap() as z.ZodType) : schema;
  const mayBeUnset = type !== null && !field.repeated;
  if (isOptional && !mayBeUnset) return [`${at}: a plain field is never unset`];
  if (type instanceof protobuf.Type) return isBody(type) ? [] : differences(inner, type, at);
  if (type instanceof protobuf.Enum) return enumOf(inner, type, at);
  const wanted = kindOf(field);
  const kinds = kindsOf(inner);
  return kinds.length > 0 && kinds.every((kind) => kind === wanted)
    ? []
    : [`${at}: ${kinds.join(' | ') || inner.type} instead of ${wanted}`];
}

// Its steps are held one by one.
const isBody = (type: protobuf.Type) => type.fullName === '.srx.exchange.v1.Body';

export function enumOf(schema: z.ZodType, type: protobuf.Enum, at: string): string[] {
  if (!(schema instanceof z.ZodEnum)) return [`${at}: no list of codes`];
  const ours = [...schema.options].map(String).toSorted().join();
  const theirs = [...enumCodes(type).values()].toSorted().join();
  return ours === theirs ? [] : [`${at}: ${ours} instead of ${theirs}`];
}

type Kind = 'text' | 'number' | 'boolean' | 'bytes';

function kindOf(field: protobuf.Field): Kind {
  if (field.type === 'string') return 'text';
  if (field.type === 'bool') return 'boolean';
  if (field.type === 'bytes') return RAW_BYTES.has(field.fullName) ? 'bytes' : 'text';
  if (field.type === 'int64' || field.type === 'uint32') return 'number';
  throw new Error(`${field.fullName}: no such type in a contract`);
}

function kindsOf(schema: z.ZodType): (Kind | 'other')[] {
  if (schema instanceof z.ZodUnion) {
    return schema.options.flatMap((option) => kindsOf(option as z.ZodType));
  }
  if (schema instanceof z.ZodLiteral) return [...schema.values].map(kindOfValue);
  if (schema instanceof z.ZodString || schema instanceof z.ZodEnum) return ['text'];
  if (schema instanceof z.ZodNumber) return ['number'];
  if (schema instanceof z.ZodBoolean) return ['boolean'];
  if (schema instanceof z.ZodCustom) {
    return [schema.safeParse(new Uint8Array(0)).success ? 'bytes' : 'other'];
  }
  return ['other'];
}

function kindOfValue(value: unknown): Kind | 'other' {
  if (typeof value === 'string') return 'text';
  return typeof value === 'number' ? 'number' : 'other';
}
