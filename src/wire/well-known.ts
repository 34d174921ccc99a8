// Messages that others defined: google/rpc/status.proto, error_details.proto,
// google/protobuf/{any,duration}.proto and grpc/health/v1/health.proto.
import protobuf from 'protobufjs';

const root = protobuf.Root.fromJSON({
  nested: {
    google: {
      nested: {
        protobuf: {
          nested: {
            Any: {
              fields: { typeUrl: { type: 'string', id: 1 }, value: { type: 'bytes', id: 2 } },
            },
            Duration: {
              fields: { seconds: { type: 'int64', id: 1 }, nanos: { type: 'int32', id: 2 } },
            },
          },
        },
        rpc: {
          nested: {
            Status: {
              fields: {
                code: { type: 'int32', id: 1 },
                message: { type: 'string', id: 2 },
                details: { rule: 'repeated', type: 'google.protobuf.Any', id: 3 },
              },
            },
            ErrorInfo: {
              fields: { reason: { type: 'string', id: 1 }, domain: { type: 'string', id: 2 } },
            },
            RetryInfo: { fields: { retryDelay: { type: 'google.protobuf.Duration', id: 1 } } },
          },
        },
      },
    },
    grpc: {
      nested: {
        health: {
          nested: {
            v1: {
              nested: {
                HealthCheckRequest: { fields: { service: { type: 'string', id: 1 } } },
                HealthCheckResponse: { fields: { status: { type: 'int32', id: 1 } } },
              },
            },
          },
        },
      },
    },
  },
}).resolveAll();

export type StatusDetails = {
  code: number;
  message: string;
  details: { typeUrl: string; value: Uint8Array }[];
};
export type ErrorInfo = { reason: string; domain: string };
export type RetryInfo = { retryDelay: { seconds: number; nanos: number } };

export const statusDetails = wellKnown<StatusDetails>('google.rpc.Status');
export const errorInfo = wellKnown<ErrorInfo>('google.rpc.ErrorInfo');
export const retryInfo = wellKnown<RetryInfo>('google.rpc.RetryInfo');
export const healthRequest = wellKnown<{ service: string }>('grpc.health.v1.HealthCheckRequest');
export const healthResponse = wellKnown<{ status: number }>('grpc.health.v1.HealthCheckResponse');

type WellKnown<T> = {
  name: string;
  encode(value: T): Buffer;
  /** Throws whatever protobufjs throws. */
  decode(bytes: Uint8Array): T;
};

function wellKnown<T>(name: string): WellKnown<T> {
  const type = root.lookup(name, protobuf.Type);
  if (!(type instanceof protobuf.Type)) throw new Error(`no such message: ${name}`);
  return {
    name,
    encode: (value) => Buffer.from(type.encode(value as Record<string, unknown>).finish()),
    decode: (bytes) =>
      type.toObject(type.decode(bytes), { defaults: true, longs: Number }) as unknown as T,
  };
}
