// CaseworkService from the caller's side: for the command line, the pages and
// any case system.
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';

import {
  ChannelCredentials,
  type ChannelOptions,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';

import { hostOf, isLoopback } from '#model/address.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

import { CASEWORK } from './casework-address.ts';
import { type Channel, callUnary, channelOptions, openClient } from './client.ts';
import type { CaseworkClient } from './contracts/casework.ts';
import { allowTls13Only } from './pinned-certificates.ts';
import { asIs, type Method, methodsOf, read, write } from './rpc.ts';
import { refusalOf } from './status.ts';

export type CaseworkClientInput = {
  /** host:port. */
  address: string;
  token: string;
  secondToken?: string;
  /** The node's own certificate: the only one that is believed. */
  tls?: { certificatePem: string };
  deadlineMs?: number;
};

const methods = methodsOf(CASEWORK.service, CASEWORK.methods);

/** @throws Refusal BAD_CONFIG for an address beyond loopback without TLS. */
export function createCaseworkClient(input: CaseworkClientInput): CaseworkClient {
  const deadlineMs = input.deadlineMs ?? limits.callDeadlineMs;
  const channel: Channel = {
    client: openClient(input.address, credentialsFor(input), {
      ...options(deadlineMs),
      ...(input.tls && nameFor(input.address)),
    }),
    peer: `The node at ${input.address}`,
    trustText: true,
    deadlineMs,
  };
  const metadata = () => metadataOf(input);
  const calls = Object.values(methods).map((method) => [
    method.name,
    method.isStream
      ? (request: unknown, signal?: AbortSignal) =>
          stream(channel, method, request, metadata(), signal)
      : (request: unknown) => callUnary(channel, method, request, metadata()),
  ]);
  return {
    ...(Object.fromEntries(calls) as Omit<CaseworkClient, typeof Symbol.asyncDispose>),
    [Symbol.asyncDispose]: async () => channel.client.close(),
  };
}

// RFC 6066 section 3 allows no address as a server name, and Node warns of it.
function nameFor(address: string): ChannelOptions {
  return isIP(hostOf(address)) === 0 ? {} : { 'grpc.ssl_target_name_override': 'localhost' };
}

// Acts carry their own request_id and are safe to repeat, yet nothing is tried
// again here: a person waits, and sees at once what is wrong.
function options(deadlineMs: number) {
  return channelOptions(deadlineMs, CASEWORK.service, false, methods.watch.path);
}

function credentialsFor({ address, tls }: CaseworkClientInput): ChannelCredentials {
  if (tls !== undefined) {
    allowTls13Only();
    const own = derOf(tls.certificatePem);
    return ChannelCredentials.createSsl(Buffer.from(tls.certificatePem), null, null, {
      // Its very certificate needs no name; what another one signed does.
      checkServerIdentity: (_, shown) =>
        shown.raw.equals(own) ? undefined : checkServerIdentity(hostOf(address), shown),
    });
  }
  if (isLoopback(hostOf(address))) return ChannelCredentials.createInsecure();
  throw new Refusal(
    'BAD_CONFIG',
    `The staff token would travel to ${address} in the clear. Use an address on this machine, or give the node's TLS certificate.`,
  );
}

/** Of a file with one certificate; of any other, nothing that a server could show. */
function derOf(pem: string): Buffer {
  return Buffer.from(pem.replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64');
}

function metadataOf({ token, secondToken }: CaseworkClientInput): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  if (secondToken !== undefined) metadata.set('srx-second-person', secondToken);
  return metadata;
}

async function* stream(
  channel: Channel,
  method: Method,
  request: unknown,
  metadata: Metadata,
  signal?: AbortSignal,
): AsyncIterable<unknown> {
  const bytes = write(method.request, 'The request', request);
  const call = channel.client.makeServerStreamRequest(method.path, asIs, asIs, bytes, metadata);
  const cancel = () => call.cancel();
  signal?.addEventListener('abort', cancel);
  if (signal?.aborted === true) cancel();
  try {
    for await (const item of call) yield read(method.response, 'An event', item as Buffer);
  } catch (error) {
    if (signal?.aborted === true) return;
    throw error instanceof Refusal ? error : refusalOf(error as ServiceError, channel.peer, true);
  } finally {
    signal?.removeEventListener('abort', cancel);
    cancel();
  }
}
