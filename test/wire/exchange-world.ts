// Nodes on loopback with real certificates and TLS, and a member list that a
// test can change while connections live.
import {
  ChannelCredentials,
  Client,
  Server,
  ServerCredentials,
  type sendUnaryData,
} from '@grpc/grpc-js';

import { createTlsCertificate, spkiDigest } from '#crypto/tls.ts';
import { type LogFields, silentLog } from '#model/log.ts';
import { callUnary, channelOptions } from '#wire/client.ts';
import { createPeerTransport } from '#wire/exchange-client.ts';
import { EXCHANGE } from '#wire/exchange-messages.ts';
import {
  type ExchangeHandlers,
  type ExchangeServerInput,
  type Member,
  startExchangeServer,
} from '#wire/exchange-server.ts';
import { methodsOf, serviceDefinition } from '#wire/rpc.ts';
import { listenTls } from '#wire/tls-listener.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

export type Pair = ReturnType<typeof makeCertificate>;

export function makeCertificate(host = 'localhost') {
  const now = Date.now();
  return createTlsCertificate({
    hostNames: [host],
    notBeforeMs: now - DAY_MS,
    notAfterMs: now + DAY_MS,
  });
}

export function makeMember(name: string, pairs: Pair[], port = 1): Member {
  return {
    organisation: `https://${name}.example`,
    name,
    countries: [],
    roles: [],
    address: `localhost:${port}`,
    certificates: pairs.map(({ certificatePem }) => certificatePem),
    pins: pairs.map(({ certificatePem }) => spkiDigest(certificatePem)),
    messageKeys: new Map(),
    isStateRun: false,
    keyAttestations: [],
    sealingKey: {} as Member['sealingKey'],
    validUntilSeconds: 4_000_000_000,
  };
}

export class TestMembers {
  #members: Member[];

  constructor(...members: Member[]) {
    this.#members = members;
  }

  set(...members: Member[]): void {
    this.#members = members;
  }

  findByPin(pin: string) {
    return this.#members.find(({ pins }) => pins.includes(pin));
  }
}

export const echo: ExchangeHandlers = {
  deliver: async (peer, parcel) => `receipt for ${peer.name}: ${parcel.slice(0, 16)}`,
  sync: async (_peer, heads) =>
    heads.map(({ referralId, own }) => ({
      referralId,
      known: own !== null,
      head: own,
      read: null,
      yours: [],
      mine: [{ parcel: 'p', receipt: null }],
      receipts: [],
      more: false,
    })),
  listHeads: async () => ({ referrals: [], more: false }),
};

export function start(pair: Pair, members: TestMembers, more: Partial<ExchangeServerInput> = {}) {
  return startExchangeServer({
    host: 'localhost',
    port: 0,
    tls: pair,
    spkiDigest,
    members,
    handlers: echo,
    log: silentLog,
    health: () => true,
    ...more,
  });
}

export function connectAs(pair: Pair, deadlineMs = 5000) {
  const warned: [string, LogFields | undefined][] = [];
  const log = {
    ...silentLog,
    warn: (event: string, fields?: LogFields) => void warned.push([event, fields]),
  };
  const transport = createPeerTransport({ tls: pair, spkiDigest, log, deadlineMs });
  return Object.assign(transport, { warned });
}

/** A client that believes the server and shows no certificate. */
export function connectBare(server: Pair, port: number) {
  const credentials = ChannelCredentials.createSsl(Buffer.from(server.certificatePem));
  const options = channelOptions(5000, EXCHANGE.service, false);
  const client = new Client(`localhost:${port}`, credentials, options);
  const channel = { client, peer: 'It', trustText: false, deadlineMs: 5000 };
  const { deliver } = methodsOf(EXCHANGE.service, EXCHANGE.methods);
  return {
    client,
    deliver: (_: Member, parcel: string) => callUnary(channel, deliver, { parcel }),
    [Symbol.asyncDispose]: async () => client.close(),
  };
}

/** A server that answers every Deliver with these bytes. */
export async function startHostile(pair: Pair, answer: Buffer) {
  const server = new Server({ 'grpc.max_send_message_length': -1 });
  const { deliver } = methodsOf(EXCHANGE.service, EXCHANGE.methods);
  server.addService(serviceDefinition({ deliver }), {
    deliver: (_call: unknown, reply: sendUnaryData<Buffer>) => reply(null, answer),
  });
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const { port, stop } = await listenTls({ host: 'localhost', port: 0, identity: pair }, (socket) =>
    injector.injectConnection(socket),
  );
  const end = async () => {
    stop();
    injector.drain(0);
  };
  return { port, [Symbol.asyncDispose]: end };
}
