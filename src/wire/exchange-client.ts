// The way to a partner's node: one long-lived channel for each member, which
// believes the certificates of its signed metadata and no others.
import { experimental } from '@grpc/grpc-js';

import type { PeerTransport } from '#exchange/ports.ts';
import { limits } from '#model/limits.ts';
import type { Log } from '#model/log.ts';
import { Refusal } from '#model/refusal.ts';

import { type Channel, callUnary, channelOptions, openClient } from './client.ts';
import { EXCHANGE, fromWirePage, fromWireSync, toWireHeads } from './exchange-messages.ts';
import type { Member } from './exchange-server.ts';
import {
  allowTls13Only,
  PinnedCertificates,
  type SpkiDigest,
  type TlsIdentity,
} from './pinned-certificates.ts';
import { methodsOf } from './rpc.ts';

export type PeerTransportInput = {
  tls: TlsIdentity;
  spkiDigest: SpkiDigest;
  log: Log;
  deadlineMs?: number;
};

type Link = {
  /** Address and pins: the channel is for these. */
  key: string;
  channel: Channel | null;
  /** Times in a row that the partner did not know us. */
  strangerTimes: number;
  /** Monotonic; no call before. */
  waitUntilMs: number;
};

const methods = methodsOf(EXCHANGE.service, EXCHANGE.methods);

export function createPeerTransport(input: PeerTransportInput): PeerTransport & AsyncDisposable {
  allowTls13Only();
  const links = new Map<string, Link>();
  const call = async (
    member: Member,
    method: keyof typeof methods,
    request: unknown,
    signal?: AbortSignal,
  ) => {
    const link = linkTo(links, member);
    const channel = channelOf(link, member, input);
    try {
      const answer = await callUnary(channel, methods[method], request, undefined, signal);
      link.strangerTimes = 0;
      return answer;
    } catch (error) {
      if (error instanceof Refusal && error.code === 'UNAUTHENTICATED') {
        hangUp(link, channel, member, input.log);
      }
      throw error;
    }
  };
  return {
    deliver: async (member, parcel, signal) => {
      const answer = await call(member, 'deliver', { parcel }, signal);
      return (answer as { receipt: string }).receipt;
    },
    sync: async (member, heads) => fromWireSync(await call(member, 'sync', toWireHeads(heads))),
    listHeads: async (member, after) => fromWirePage(await call(member, 'listHeads', { after })),
    [Symbol.asyncDispose]: async () => {
      for (const { channel } of links.values()) channel?.client.close();
      links.clear();
    },
  };
}

function linkTo(links: Map<string, Link>, member: Member): Link {
  const key = JSON.stringify([member.address, member.pins, member.certificates]);
  const known = links.get(member.organisation);
  if (known?.key === key) return known;
  known?.channel?.client.close();
  const link: Link = { key, channel: null, strangerTimes: 0, waitUntilMs: 0 };
  links.set(member.organisation, link);
  return link;
}

function channelOf(link: Link, member: Member, input: PeerTransportInput): Channel {
  if (performance.now() < link.waitUntilMs) {
    const message = `The node of ${member.organisation} did not know this node a moment ago. It is asked again soon; if this stays, check that both are live members.`;
    throw new Refusal('UNAVAILABLE', message);
  }
  link.channel ??= openChannel(member, input);
  return link.channel;
}

function openChannel(member: Member, input: PeerTransportInput): Channel {
  const deadlineMs = input.deadlineMs ?? limits.callDeadlineMs;
  const certificates = new PinnedCertificates(input.tls, member.certificates);
  const pins = new Set(member.pins);
  const credentials = experimental.createCertificateProviderChannelCredentials(
    certificates,
    certificates,
    {
      // The name in the certificate says nothing here: the key is the identity.
      checkServerIdentity: (_host, { raw }) => {
        if (raw !== undefined && pins.has(input.spkiDigest(raw))) return undefined;
        input.log.warn('peer-certificate-not-pinned', { organisation: member.organisation });
        return new Error('certificate not pinned');
      },
    },
  );
  const options = channelOptions(deadlineMs, EXCHANGE.service, true);
  return {
    client: openClient(member.address, credentials, options),
    peer: `The node of ${member.organisation}`,
    trustText: false,
    deadlineMs,
  };
}

// The partner judges a certificate when the connection begins. If it learned of
// ours only afterwards, only a new connection helps.
function hangUp(link: Link, channel: Channel, member: Member, log: Log): void {
  if (link.channel !== channel) return; // another call did it
  channel.client.close();
  link.channel = null;
  const last = limits.reconnectBackoffMs.length - 1;
  const waitMs = limits.reconnectBackoffMs[Math.min(link.strangerTimes, last)] ?? 0;
  link.strangerTimes += 1;
  link.waitUntilMs = performance.now() + waitMs;
  log.warn('peer-does-not-know-us', { organisation: member.organisation, waitMs });
}
