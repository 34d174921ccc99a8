// A caller of a node's exchange port that keeps to no rule: any certificate or
// none, any bytes; it tells exactly what gRPC answered.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ChannelCredentials, Client, type ServiceError, status } from '@grpc/grpc-js';
import type { Keyring } from '#crypto/keyring.ts';
import { importSealingKey } from '#crypto/keys.ts';
import { type LoadedConfig, NODE_FILES } from '#services/node/config.ts';
import type { Forger } from '#test/exchange/forge.ts';
import { channelOptions } from '#wire/client.ts';
import { EXCHANGE } from '#wire/exchange-messages.ts';
import { asIs, methodsOf, read, write } from '#wire/rpc.ts';
import { refusalOf } from '#wire/status.ts';

/** PEM. */
type Tls = { certificatePem: string; privateKeyPem: string };

/** What the attacker sees: `OK` with a receipt, or status, reason and words. */
export type Answer = { status: string; reason?: string; message?: string; receipt?: string };

type Asked = Answer & { answer?: { referrals: unknown[] } };

export type Attacker = Disposable & {
  deliver(parcel: string): Promise<Answer>;
  /** Any bytes as the request of a method. */
  send(method: 'deliver' | 'sync' | 'listHeads', request: Uint8Array): Promise<Answer>;
  sync(request: unknown): Promise<Asked>;
  listHeads(after: string): Promise<Asked>;
};

const methods = methodsOf(EXCHANGE.service, EXCHANGE.methods);
const CALL_MS = 20_000;

export async function attackerAt(victim: LoadedConfig, tls: Tls | null): Promise<Attacker> {
  const ca = await readFile(join(victim.folder, NODE_FILES.certificate));
  const credentials = tls
    ? ChannelCredentials.createSsl(
        ca,
        Buffer.from(tls.privateKeyPem),
        Buffer.from(tls.certificatePem),
      )
    : ChannelCredentials.createSsl(ca);
  const options = {
    ...channelOptions(CALL_MS, EXCHANGE.service, false),
    'grpc.max_send_message_length': -1,
  };
  const client = new Client(`localhost:${victim.exchange.port}`, credentials, options);
  const call = (method: keyof typeof methods, request: Uint8Array) =>
    new Promise<{ bytes: Buffer } | { error: ServiceError }>((resolve) => {
      const deadline = Date.now() + CALL_MS;
      client.makeUnaryRequest(
        methods[method].path,
        asIs,
        asIs,
        Buffer.from(request),
        { deadline },
        (error, bytes) => resolve(error ? { error } : { bytes: bytes ?? Buffer.alloc(0) }),
      );
    });
  const ask = async (method: 'sync' | 'listHeads', request: unknown): Promise<Asked> => {
    const answer = await call(method, write(methods[method].request, 'It', request));
    if ('error' in answer) return told(answer.error);
    const found = read(methods[method].response, 'The answer', answer.bytes);
    return { status: 'OK', answer: found as { referrals: unknown[] } };
  };
  const attacker: Attacker = {
    async send(method, request) {
      const answer = await call(method, request);
      if ('error' in answer) return told(answer.error);
      const { receipt } = read(methods.deliver.response, 'The answer', answer.bytes) as {
        receipt: string;
      };
      return { status: 'OK', receipt };
    },
    deliver: (parcel) => attacker.send('deliver', write(methods.deliver.request, 'It', { parcel })),
    sync: (request) => ask('sync', request),
    listHeads: (after) => ask('listHeads', { after }),
    [Symbol.dispose]: () => client.close(),
  };
  return attacker;
}

function told(error: ServiceError): Answer {
  const hasDetails = (error.metadata?.get('grpc-status-details-bin').length ?? 0) > 0;
  const name = status[error.code] ?? String(error.code);
  if (!hasDetails) return { status: name, message: error.details };
  const { code, message } = refusalOf(error, 'It', true);
  return { status: name, reason: code, message };
}

/** A node's certificate and key, as one who sits at its disk has them. */
export async function tlsOf({ folder }: LoadedConfig): Promise<Tls> {
  const text = (name: string) => readFile(join(folder, name), 'utf8');
  return {
    certificatePem: await text(NODE_FILES.certificate),
    privateKeyPem: await text(NODE_FILES.privateKey),
  };
}

/** Makes messages from one organisation to another, sealed to the latter's current key. */
export async function forgerOf(
  from: { organisation: string; keyring: Keyring },
  victim: { organisation: string; keyring: Keyring },
  nowMs: number,
): Promise<Forger> {
  const [sealing] = victim.keyring.publicJwks('encryption');
  return {
    organisation: from.organisation,
    signingKey: from.keyring.signing('message'),
    to: { organisation: victim.organisation, sealingKey: await importSealingKey(sealing) },
    nowSeconds: Math.floor(nowMs / 1000),
  };
}
