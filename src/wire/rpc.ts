// The methods of a service, from its proto and its contracts. gRPC carries plain
// bytes; they are decoded and judged here, where a fault has its own code.
import { logVerbosity, type ServiceDefinition, setLogVerbosity } from '@grpc/grpc-js';
import type protobuf from 'protobufjs';
import type { z } from 'zod';

import { Refusal } from '#model/refusal.ts';

import { type WireType, wireType } from './convert.ts';
import { shapeRefusal } from './faults.ts';
import { schema } from './schema.ts';

// It would write errors of its own as plain text on stderr; ours come as Refusals.
setLogVerbosity(logVerbosity.NONE);

export type Contract = { request: z.ZodType; response: z.ZodType };

type Side = { wire: WireType; schema: z.ZodType };
export type Method = {
  name: string;
  /** "/package.Service/Method", as HTTP/2 carries it. */
  path: string;
  request: Side;
  response: Side;
  isStream: boolean;
};

/** Methods by their names in the contracts: those of the proto, first letter small. */
export function methodsOf<N extends string>(
  serviceName: string,
  contracts: Readonly<Record<N, Contract>>,
): Record<N, Method> {
  const service = schema.lookupService(serviceName);
  const methods = Object.entries<Contract>(contracts).map(([name, contract]) => {
    const method = service.methods[`${name.charAt(0).toUpperCase()}${name.slice(1)}`];
    if (method === undefined) throw new Error(`${serviceName} has no method ${name}`);
    return [name, describeMethod(name, method, contract)];
  });
  return Object.fromEntries(methods) as Record<N, Method>;
}

function describeMethod(name: string, method: protobuf.Method, contract: Contract): Method {
  method.resolve();
  const { resolvedRequestType: request, resolvedResponseType: response } = method;
  if (request === null || response === null) throw new Error(`${name} has no types`);
  return {
    name,
    path: `/${method.parent?.fullName.slice(1)}/${method.name}`,
    request: { wire: wireType(request.fullName), schema: contract.request },
    response: { wire: wireType(response.fullName), schema: contract.response },
    isStream: method.responseStream === true,
  };
}

/** Bytes through gRPC as they are: a throw of a deserializer there would become INTERNAL. */
export function serviceDefinition(methods: Readonly<Record<string, Method>>): ServiceDefinition {
  return Object.fromEntries(
    Object.values(methods).map(({ name, path, isStream }) => [
      name,
      { path, requestStream: false, responseStream: isStream, ...rawBytes },
    ]),
  );
}

export const asIs = (bytes: Buffer): Buffer => bytes;
const rawBytes = {
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
};

/** @throws Refusal SCHEMA_VIOLATION */
export function write(side: Side, what: string, value: unknown): Buffer {
  const parsed = side.schema.safeParse(value);
  if (!parsed.success) throw shapeRefusal(what, parsed.error);
  return side.wire.encode(parsed.data as object);
}

/** Fields that are unknown here are left out: a newer node may send them. @throws Refusal MALFORMED, SCHEMA_VIOLATION */
export function read(side: Side, what: string, bytes: Buffer): unknown {
  const parsed = side.schema.safeParse(decode(side, what, bytes));
  if (!parsed.success) throw shapeRefusal(what, parsed.error);
  return parsed.data;
}

function decode(side: Side, what: string, bytes: Buffer): unknown {
  try {
    return side.wire.decode(bytes).model;
  } catch (cause) {
    throw new Refusal('MALFORMED', `${what} cannot be decoded.`, { cause });
  }
}
