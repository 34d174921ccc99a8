// The door for an organisation's own staff: on loopback unless TLS is given,
// a staff token on every call.
import { once } from 'node:events';

import { type Metadata, ServerCredentials } from '@grpc/grpc-js';

import { isLoopback } from '#model/address.ts';
import { limits } from '#model/limits.ts';
import type { Log } from '#model/log.ts';
import { Refusal } from '#model/refusal.ts';

import { CASEWORK } from './casework-address.ts';
import type { CaseworkApi, CaseworkCall } from './contracts/casework.ts';
import { allowTls13Only, type TlsIdentity } from './pinned-certificates.ts';
import { methodsOf, read } from './rpc.ts';
import {
  type Answer,
  bind,
  type RawCall,
  type RawStream,
  type RunningServer,
  startServer,
  unary,
  writeResponse,
} from './server.ts';
import { statusOf } from './status.ts';

export type CaseworkServerInput<Actor> = {
  host: string;
  port: number;
  tls?: TlsIdentity;
  handlers: CaseworkApi<Actor>;
  /** Undefined for a token that is not (or no longer) known. */
  authenticate(token: string): Promise<Actor | undefined>;
  log: Log;
  health: () => boolean;
  drainMs?: number;
};

/** @throws Refusal BAD_CONFIG for a host beyond loopback without TLS, or a port that is taken. */
export async function startCaseworkServer<Actor>(
  input: CaseworkServerInput<Actor>,
): Promise<RunningServer> {
  const methods = methodsOf(CASEWORK.service, CASEWORK.methods);
  const stopping = new AbortController();
  const admit = (call: RawCall | RawStream) => callOf(call, input, stopping.signal);
  const implementation = Object.fromEntries(
    Object.values(methods).map((method) => {
      const answer: Answer<CaseworkCall<Actor>> = { method, log: input.log, admit };
      return [method.name, implement(answer, input)];
    }),
  );
  return startServer({
    listen: (server) => bind(server, input, credentialsFor(input.host, input.tls)),
    service: CASEWORK.service,
    methods,
    implementation,
    requestBytesMax: limits.grpcMessageBytesMax,
    isHealthy: input.health,
    onDrain: () => stopping.abort(),
    ...(input.drainMs === undefined ? {} : { drainMs: input.drainMs }),
  });
}

function credentialsFor(host: string, tls: TlsIdentity | undefined): ServerCredentials {
  if (tls !== undefined) {
    allowTls13Only();
    const pair = {
      private_key: Buffer.from(tls.privateKeyPem),
      cert_chain: Buffer.from(tls.certificatePem),
    };
    return ServerCredentials.createSsl(null, [pair]);
  }
  if (isLoopback(host)) return ServerCredentials.createInsecure();
  throw new Refusal(
    'BAD_CONFIG',
    `The casework service would send staff tokens over ${host} in the clear. Let it listen on 127.0.0.1, or give it a TLS certificate and key.`,
  );
}

async function callOf<Actor>(
  call: RawCall | RawStream,
  input: CaseworkServerInput<Actor>,
  stopping: AbortSignal,
): Promise<CaseworkCall<Actor>> {
  const token = bearer(call.metadata);
  const actor = token === null ? undefined : await input.authenticate(token);
  if (token === null || actor === undefined) throw unknownToken();
  const gone = new AbortController();
  call.on('cancelled', () => gone.abort());
  if (call.cancelled) gone.abort();
  const secondToken = oneText(call.metadata, 'srx-second-person');
  // A call with one answer may end its work while the node stops; a stream has no end of its own.
  const isStream = 'write' in call;
  const signal = isStream ? AbortSignal.any([gone.signal, stopping]) : gone.signal;
  return { actor, token, secondToken, signal };
}

function unknownToken(): Refusal {
  return new Refusal(
    'UNAUTHENTICATED',
    'This staff token is not known here. Ask an administrator for a new one.',
  );
}

function bearer(metadata: Metadata): string | null {
  const header = oneText(metadata, 'authorization', limits.tokenCharsMax + 'Bearer '.length);
  return /^Bearer ([\w.~+/=-]+)$/.exec(header ?? '')?.[1] ?? null;
}

function oneText(metadata: Metadata, key: string, charsMax = limits.tokenCharsMax as number) {
  const values = metadata.get(key);
  const [value] = values;
  if (values.length !== 1 || typeof value !== 'string') return null;
  return value === '' || value.length > charsMax ? null : value;
}

function implement<Actor>(
  answer: Answer<CaseworkCall<Actor>>,
  { handlers, authenticate }: CaseworkServerInput<Actor>,
) {
  const { method } = answer;
  const handle = handlers[method.name as keyof CaseworkApi<Actor>] as (
    request: unknown,
    call: CaseworkCall<Actor>,
  ) => unknown;
  if (!method.isStream) {
    return unary(answer, async (request, caller) => handle.call(handlers, request, caller));
  }
  return (call: RawStream): void => {
    const open = (request: unknown, caller: CaseworkCall<Actor>) =>
      handle.call(handlers, request, caller) as AsyncIterable<unknown>;
    pump({ ...answer, authenticate }, call, open).catch((error: unknown) => {
      call.emit('error', statusOf(error, { method: method.name, log: answer.log }));
    });
  };
}

async function pump<Actor>(
  {
    method,
    admit,
    authenticate,
  }: Answer<CaseworkCall<Actor>> & Pick<CaseworkServerInput<Actor>, 'authenticate'>,
  call: RawStream,
  open: (request: unknown, caller: CaseworkCall<Actor>) => AsyncIterable<unknown>,
): Promise<void> {
  const caller = await admit(call);
  const { signal, token } = caller;
  let knownAtMs = performance.now();
  for await (const item of open(read(method.request, 'The request', call.request), caller)) {
    if (signal.aborted) break;
    // A stream outlives the moment in which its token was judged.
    if (performance.now() - knownAtMs > limits.tokenJudgedMs) {
      if ((await authenticate(token)) === undefined) throw unknownToken();
      knownAtMs = performance.now();
    }
    const hasRoom = call.write(writeResponse(method, item));
    // Nothing more is taken from the iterable until the slow reader has caught up.
    if (!hasRoom) await once(call, 'drain', { signal }).catch(() => undefined);
  }
  if (signal.aborted) throw new Refusal('UNAVAILABLE', 'The node stops. Watch again in a moment.');
  call.end();
}
