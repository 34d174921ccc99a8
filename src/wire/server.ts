// One gRPC port: bind, health (grpc.health.v1), graceful end. What the two
// services have in common; what they ask of a caller is theirs.
import {
  Server,
  type ServerCredentials,
  type ServerInterceptor,
  type ServerOptions,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

import { limits } from '#model/limits.ts';
import type { Log } from '#model/log.ts';

import { HEALTH_DEFINITION, healthCheck } from './health.ts';
import { type Method, read, serviceDefinition, write } from './rpc.ts';
import { statusOf } from './status.ts';
import { portRefusal } from './tls-listener.ts';

export type RawCall = ServerUnaryCall<Buffer, Buffer>;
export type RawStream = ServerWritableStream<Buffer, Buffer>;

export type RunningServer = AsyncDisposable & {
  port: number;
  /** Health says NOT_SERVING, calls under way end, then all is closed; ≤ `limits.drainMs`. */
  drain(): Promise<void>;
  /** At once. */
  close(): void;
};

/** `end` takes no more connections, and ends those there are when the time is over. */
export type Listening = { port: number; end: (graceMs: number) => void };

export type ServerInput = {
  listen: (server: Server) => Promise<Listening>;
  service: string;
  methods: Readonly<Record<string, Method>>;
  implementation: UntypedServiceImplementation;
  requestBytesMax: number;
  /** Judge a call by its head, before its request is read. */
  interceptors?: ServerInterceptor[];
  isHealthy: () => boolean;
  /** Called when draining begins. */
  onDrain?: () => void;
  drainMs?: number;
};

/** @throws what `listen` throws */
export async function startServer(input: ServerInput): Promise<RunningServer> {
  const { interceptors = [] } = input;
  const server = new Server({ ...serverOptions(input.requestBytesMax), interceptors });
  let isServing = true;
  server.addService(serviceDefinition(input.methods), input.implementation);
  const services = new Set(['', input.service]);
  const health = healthCheck(services, () => isServing && input.isHealthy());
  server.addService(HEALTH_DEFINITION, { check: health });
  const { port, end } = await input.listen(server);
  const close = () => {
    end(0);
    server.forceShutdown();
  };
  const drain = async () => {
    isServing = false;
    input.onDrain?.();
    const drainMs = input.drainMs ?? limits.drainMs;
    end(drainMs);
    await shutDown(server, drainMs);
  };
  return { port, drain, close, [Symbol.asyncDispose]: drain };
}

function serverOptions(requestBytesMax: number): ServerOptions {
  return {
    'grpc.max_receive_message_length': requestBytesMax,
    'grpc.max_send_message_length': limits.grpcMessageBytesMax,
    'grpc.max_concurrent_streams': limits.callsPerConnectionMax,
    'grpc.keepalive_time_ms': limits.keepaliveMs,
    'grpc.keepalive_timeout_ms': limits.keepaliveAckMs,
    'grpc.enable_channelz': 0,
  };
}

/** @throws Refusal BAD_CONFIG when the port cannot be had. */
export async function bind(
  server: Server,
  { host, port }: { host: string; port: number },
  credentials: ServerCredentials,
): Promise<Listening> {
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(addressOf(host, port), credentials, (error, free) => {
      if (error === null) resolve(free);
      else reject(portRefusal(host, port, error));
    });
  });
  return { port: bound, end: (graceMs) => server.drain(addressOf(host, bound), graceMs) };
}

function addressOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

// `end` came first and ends the connections when its time is over;
// `forceShutdown` of grpc-js 1.14 leaves them alone where channelz is off.
async function shutDown(server: Server, drainMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, drainMs);
  });
  const ended = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  await Promise.race([ended, late]);
  clearTimeout(timer);
  server.forceShutdown();
}

export type Answer<Caller> = {
  method: Method;
  log: Log;
  /** Judged before the request is read. */
  admit: (call: RawCall | RawStream) => Caller | Promise<Caller>;
};

/** A method with one answer: admit, decode, check, handle, check, encode. */
export function unary<Caller>(
  { method, log, admit }: Answer<Caller>,
  handle: (request: unknown, caller: Caller, call: RawCall) => Promise<unknown>,
) {
  const answer = async (call: RawCall) => {
    const caller = await admit(call);
    const request = read(method.request, 'The request', call.request);
    return writeResponse(method, await handle(request, caller, call));
  };
  return (call: RawCall, reply: sendUnaryData<Buffer>): void => {
    answer(call).then(
      (bytes) => reply(null, bytes),
      (error: unknown) => reply(statusOf(error, { method: method.name, log })),
    );
  };
}

/** An answer against its contract is a bug of this side, not the caller's fault. */
export function writeResponse(method: Method, response: unknown): Buffer {
  try {
    return write(method.response, 'The response', response);
  } catch (cause) {
    throw new Error(`${method.name} answered against its contract`, { cause });
  }
}
