// The TLS end of the exchange port. grpc-js can end TLS itself, yet it asks for
// certificates by the list of all whom it believes; see below why not here.
import { createServer, type PeerCertificate, type Server, type TLSSocket } from 'node:tls';

import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

import type { TlsIdentity } from './pinned-certificates.ts';

export type TlsListener = { port: number; stop: () => void };

export type TlsListenerInput = {
  host: string;
  port: number;
  identity: TlsIdentity;
  /** Whose certificate it is; undefined for a stranger's. */
  ownerOf?: (certificate: PeerCertificate) => string | undefined;
};

/**
 * Takes connections of TLS 1.3 with "h2" and asks each client for its certificate. Whose it is
 * nobody judges here: the handshake proves that the client holds the key, and the key is looked up
 * among the live members at each call.
 *
 * With a list of trusted certificates the server would name every one of them in its request
 * (certificate_authorities, RFC 8446 section 4.2.4), and that list ends at 64 KiB: with 1000
 * certificates, or with one of a very long name, nobody's handshake succeeds any more.
 *
 * No member, and not all strangers together, can take the places of the others: beyond
 * `limits.connectionsPerMemberMax` a connection is closed at once.
 * @throws Refusal BAD_CONFIG
 */
export async function listenTls(
  { host, port, identity, ownerOf = () => undefined }: TlsListenerInput,
  take: (socket: TLSSocket) => void,
): Promise<TlsListener> {
  const server = makeServer(identity);
  const enter = countPlaces();
  server.maxConnections = limits.peerConnectionsMax;
  server.on('secureConnection', (socket) => {
    socket.on('error', () => socket.destroy());
    if (socket.alpnProtocol !== 'h2') return void socket.destroy();
    // grpc-js shows a certificate to its handlers only with this mark, and asks
    // for it at each call; TLS 1.3 has no renegotiation that could change it.
    const certificate = socket.getPeerCertificate();
    const authorized = certificate.raw !== undefined;
    const leave = enter(authorized ? ownerOf(certificate) : undefined);
    if (leave === null) return void socket.destroy();
    socket.once('close', leave);
    Object.assign(socket, { authorized, getPeerCertificate: () => certificate });
    take(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(portRefusal(host, port, cause)));
    server.listen(port, host, resolve);
  });
  server.on('error', () => undefined); // one connection that could not be taken
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return { port: bound, stop: () => void server.close() };
}

function countPlaces() {
  const taken = new Map<string | undefined, number>();
  /** How to leave; null where there is no place. */
  return (owner: string | undefined): (() => void) | null => {
    const count = taken.get(owner) ?? 0;
    if (count >= limits.connectionsPerMemberMax) return null;
    taken.set(owner, count + 1);
    return () => {
      const left = (taken.get(owner) ?? 1) - 1;
      if (left > 0) taken.set(owner, left);
      else taken.delete(owner);
    };
  };
}

export function portRefusal(host: string, port: number, cause: unknown): Refusal {
  const message = `Port ${port} on ${host} is in use, or this host may not be used. Choose another port or stop what holds it.`;
  return new Refusal('BAD_CONFIG', message, { cause });
}

function makeServer(identity: TlsIdentity): Server {
  try {
    return createServer({
      cert: identity.certificatePem,
      key: identity.privateKeyPem,
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['h2'],
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: limits.tlsHandshakeMs,
    });
  } catch (cause) {
    const message = 'The TLS certificate and its key cannot be used together. Check both files.';
    throw new Refusal('BAD_CONFIG', message, { cause });
  }
}
