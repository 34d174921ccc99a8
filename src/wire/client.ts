// One gRPC channel and its calls: a deadline on each, every failure a Refusal.
import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';

import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

import { asIs, type Method, read, write } from './rpc.ts';
import { refusalOf } from './status.ts';

export type Channel = {
  client: Client;
  /** Begins a sentence: "The partner's node". */
  peer: string;
  trustText: boolean;
  deadlineMs: number;
};

/**
 * The environment has no say: no proxy of its, no service config from DNS.
 * @param endless Path of a method without a deadline.
 */
export function channelOptions(
  deadlineMs: number,
  service: string,
  retries: boolean,
  endless?: string,
): ChannelOptions {
  const retryPolicy = {
    maxAttempts: limits.callAttemptsMax,
    initialBackoff: inSeconds(limits.callRetryMs),
    maxBackoff: inSeconds(limits.callRetryMsMax),
    backoffMultiplier: 2,
    retryableStatusCodes: ['UNAVAILABLE'],
  };
  // The timeout becomes "grpc-timeout", so that the other side stops, too.
  const timeout = inSeconds(deadlineMs);
  const methodConfig = [{ name: [{ service }], timeout, ...(retries ? { retryPolicy } : {}) }];
  const exempt = endless === undefined ? [] : [{ name: [nameOf(endless)] }];
  const config = {
    loadBalancingConfig: [{ pick_first: {} }],
    methodConfig: [...exempt, ...methodConfig],
  };
  return {
    'grpc.service_config': JSON.stringify(config),
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.enable_channelz': 0,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': retries ? 1 : 0,
    'grpc.max_receive_message_length': limits.grpcMessageBytesMax,
    'grpc.max_send_message_length': limits.grpcMessageBytesMax,
    'grpc.keepalive_time_ms': limits.keepaliveMs,
    'grpc.keepalive_timeout_ms': limits.keepaliveAckMs,
    'grpc.initial_reconnect_backoff_ms': limits.reconnectBackoffMs[0],
    'grpc.max_reconnect_backoff_ms': limits.channelBackoffMsMax,
  };
}

export function openClient(
  address: string,
  credentials: ChannelCredentials,
  options: ChannelOptions,
): Client {
  return new Client(address, credentials, options);
}

/** @throws Refusal; UNAVAILABLE and TIMED_OUT are worth another try. */
export async function callUnary(
  channel: Channel,
  method: Method,
  request: unknown,
  metadata: Metadata = new Metadata(),
  signal?: AbortSignal,
): Promise<unknown> {
  const bytes = write(method.request, 'The request', request);
  const answer = await new Promise<Buffer>((resolve, reject) => {
    let isLate = false;
    const end = () => call.cancel();
    const call = channel.client.makeUnaryRequest(
      method.path,
      asIs,
      asIs,
      bytes,
      metadata,
      (error: ServiceError | null, value?: Buffer) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        if (error === null && value !== undefined) resolve(value);
        else if (isLate) reject(tooLate(channel, error));
        else reject(refusalOf(error as ServiceError, channel.peer, channel.trustText));
      },
    );
    signal?.addEventListener('abort', end);
    // The deadline of the service config counts from when the name is resolved;
    // this one counts from here.
    const timer = setTimeout(() => {
      isLate = true;
      call.cancel();
    }, channel.deadlineMs + limits.callRetryMs);
  });
  return read(method.response, `The answer of ${inSentence(channel.peer)}`, answer);
}

function tooLate({ peer }: Channel, cause: unknown): Refusal {
  return new Refusal('TIMED_OUT', `${peer} did not answer in time. Try again.`, { cause });
}

function nameOf(path: string): { service: string; method: string } {
  const [, service = '', method = ''] = path.split('/');
  return { service, method };
}

function inSentence(peer: string): string {
  return peer.charAt(0).toLowerCase() + peer.slice(1);
}

// All nine digits: grpc-js 1.14 reads what follows the point as nanoseconds.
function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(9)}s`;
}
