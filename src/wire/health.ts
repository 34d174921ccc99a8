// grpc.health.v1, method Check. Watch is left out: its clients fall back to
// Check when it is UNIMPLEMENTED, as health.proto asks them to.
import {
  Metadata,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';

import { asIs } from './rpc.ts';
import { healthRequest, healthResponse } from './well-known.ts';

export const HEALTH_PATH = '/grpc.health.v1.Health/Check';
export const SERVING = 1;
export const NOT_SERVING = 2;

export const HEALTH_DEFINITION: ServiceDefinition = {
  check: {
    path: HEALTH_PATH,
    requestStream: false,
    responseStream: false,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  },
};

/** Open to anyone who reaches the port: it says only that something serves here. */
export function healthCheck(services: ReadonlySet<string>, isServing: () => boolean) {
  return (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>): void => {
    const service = readService(call.request);
    if (service === null || !services.has(service)) {
      reply({ code: status.NOT_FOUND, details: 'Unknown service.', metadata: new Metadata() });
      return;
    }
    reply(null, healthResponse.encode({ status: isServing() ? SERVING : NOT_SERVING }));
  };
}

function readService(bytes: Buffer): string | null {
  try {
    return healthRequest.decode(bytes).service;
  } catch {
    return null;
  }
}
