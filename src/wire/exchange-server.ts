// The door between organisations: mutual TLS 1.3, and at every call the
// certificate's public key looked up among the live members.
import {
  type Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
} from '@grpc/grpc-js';

import type { Heads, HeadsPage, Members, PeerTransport, ReferralSync } from '#exchange/ports.ts';
import { limits } from '#model/limits.ts';
import type { Log } from '#model/log.ts';
import { Refusal, unauthenticated } from '#model/refusal.ts';

import { EXCHANGE, fromWireHeads, toWirePage, toWireSync } from './exchange-messages.ts';
import { HEALTH_PATH } from './health.ts';
import type { SpkiDigest, TlsIdentity } from './pinned-certificates.ts';
import { createQuota } from './quota.ts';
import { methodsOf } from './rpc.ts';
import {
  type Listening,
  type RawCall,
  type RawStream,
  type RunningServer,
  startServer,
  unary,
} from './server.ts';
import { statusOf } from './status.ts';
import { listenTls } from './tls-listener.ts';

/** As the ports of the exchange name a member. */
export type Member = Parameters<PeerTransport['deliver']>[0];

export type ExchangeHandlers = {
  /** A JWE for the receipt's JWS. */
  deliver(peer: Member, parcel: string): Promise<string>;
  sync(peer: Member, heads: Heads[]): Promise<ReferralSync[]>;
  listHeads(peer: Member, after: string): Promise<HeadsPage>;
};

export type ExchangeServerInput = {
  host: string;
  port: number;
  tls: TlsIdentity;
  spkiDigest: SpkiDigest;
  members: Pick<Members, 'findByPin'>;
  handlers: ExchangeHandlers;
  log: Log;
  health: () => boolean;
  callsPerPeerPerSecondMax?: number;
  drainMs?: number;
};

/** What of a certificate is looked at. */
type Shown = { fingerprint256: string; raw: Buffer };

/** @throws Refusal BAD_CONFIG when the port cannot be had. */
export async function startExchangeServer(input: ExchangeServerInput): Promise<RunningServer> {
  const { handlers, log } = input;
  const methods = methodsOf(EXCHANGE.service, EXCHANGE.methods);
  const pinOf = cachedPins(input.spkiDigest);
  const memberOf = (certificate: Shown) => input.members.findByPin(pinOf(certificate));
  const admit = peerOf(input, memberOf);
  const deliver = unary({ method: methods.deliver, log, admit }, async (request, peer) => {
    const { parcel } = request as { parcel: string };
    return { receipt: await handlers.deliver(peer, parcel) };
  });
  const sync = unary({ method: methods.sync, log, admit }, async (request, peer) =>
    toWireSync(await handlers.sync(peer, fromWireHeads(request))),
  );
  const listHeads = unary({ method: methods.listHeads, log, admit }, async (request, peer) => {
    const { after } = request as { after: string };
    return toWirePage(await handlers.listHeads(peer, after));
  });
  return startServer({
    listen: (server) => listen(server, input, (shown) => memberOf(shown)?.organisation),
    service: EXCHANGE.service,
    methods,
    implementation: { deliver, sync, listHeads },
    requestBytesMax: limits.exchangeRequestBytesMax,
    interceptors: [refuseStrangers(memberOf, log)],
    isHealthy: input.health,
    ...(input.drainMs === undefined ? {} : { drainMs: input.drainMs }),
  });
}

async function listen(
  server: Server,
  { host, port, tls }: ExchangeServerInput,
  ownerOf: (certificate: Shown) => string | undefined,
): Promise<Listening> {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = await listenTls({ host, port, identity: tls, ownerOf }, (socket) =>
    injector.injectConnection(socket),
  );
  return {
    port: listener.port,
    end: (graceMs) => {
      listener.stop();
      injector.drain(graceMs);
    },
  };
}

// What a stranger sends is not gathered first: many at once could fill the memory.
function refuseStrangers(
  memberOf: (certificate: Shown) => Member | undefined,
  log: Log,
): ServerInterceptor {
  return (method, call) => {
    const { sslPeerCertificate } = call.getAuthContext();
    const isOpen = method.path === HEALTH_PATH;
    if (isOpen || (sslPeerCertificate && memberOf(sslPeerCertificate))) {
      return new ServerInterceptingCall(call);
    }
    const start = () => call.sendStatus(statusOf(unauthenticated(), { method: method.path, log }));
    return new ServerInterceptingCall(call, { start });
  };
}

// A connection may outlive a membership, so the member is looked up again at
// each call. A stranger's handshake succeeds, and every call of it gets the one
// answer, which tells nothing.
function peerOf(
  input: ExchangeServerInput,
  memberOf: (certificate: Shown) => Member | undefined,
): (call: RawCall | RawStream) => Member {
  const mayCall = createQuota(
    input.callsPerPeerPerSecondMax ?? limits.callsPerPeerPerSecondMax,
    limits.membersMax,
  );
  return (call) => {
    const certificate = call.getAuthContext().sslPeerCertificate;
    const peer = certificate && memberOf(certificate);
    if (peer === undefined) throw unauthenticated();
    if (mayCall(peer.organisation)) return peer;
    throw new Refusal('RATE_LIMITED', 'Too many calls in one second. Wait and try again.');
  };
}

// Reading the public key out of a certificate costs more than the rest of the
// check; the same certificate (by its SHA-256) has the same key.
function cachedPins(spkiDigest: SpkiDigest) {
  const pins = new Map<string, string>();
  return ({ fingerprint256, raw }: Shown): string => {
    const known = pins.get(fingerprint256);
    if (known !== undefined) return known;
    const pin = spkiDigest(raw);
    if (pins.size >= limits.pinsCachedMax) pins.clear();
    pins.set(fingerprint256, pin);
    return pin;
  };
}
