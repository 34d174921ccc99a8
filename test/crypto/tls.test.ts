import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';

import { describe, expect, it } from 'vitest';

import { sha256 } from '#crypto/digest.ts';
import { certificateDates, createTlsCertificate, spkiDigest } from '#crypto/tls.ts';

import { makeFolder } from './folder.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const now = Date.now();
const make = (...hostNames: string[]) =>
  createTlsCertificate({ hostNames, notBeforeMs: now - DAY_MS, notAfterMs: now + DAY_MS });
type Pair = ReturnType<typeof make>;

/** One handshake over loopback, TLS 1.3, both sides asked; what each side saw of the other. */
async function shake(sides: {
  server: Pair;
  serverTrusts: Pair[];
  client: Pair;
  clientTrusts: Pair[];
  host?: string;
}) {
  const server = createServer({
    key: sides.server.privateKeyPem,
    cert: sides.server.certificatePem,
    ca: sides.serverTrusts.map(({ certificatePem }) => certificatePem),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
  });
  const seenByServer = new Promise<TLSSocket>((resolve, reject) => {
    server.once('secureConnection', resolve).once('tlsClientError', reject);
  });
  seenByServer.catch(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    servername: sides.host ?? 'node.example',
    key: sides.client.privateKeyPem,
    cert: sides.client.certificatePem,
    ca: sides.clientTrusts.map(({ certificatePem }) => certificatePem),
    minVersion: 'TLSv1.3',
  });
  try {
    await new Promise((resolve, reject) =>
      socket.once('secureConnect', resolve).once('error', reject),
    );
    const peer = await seenByServer;
    return {
      protocol: socket.getProtocol(),
      client: [socket.authorized, spkiDigest(socket.getPeerCertificate().raw)],
      server: [peer.authorized, spkiDigest(peer.getPeerCertificate().raw)],
    };
  } finally {
    socket.destroy();
    server.close();
    await seenByServer.then((peer) => peer.destroy()).catch(() => undefined);
  }
}

describe('the TLS certificate', () => {
  const one = make('node.example', 'other.example', '192.0.2.7', '2001:db8::7', '::1');
  const two = make('node.example');

  it('is taken by both sides of a TLS 1.3 handshake that each trust the other certificate alone', async () => {
    const seen = await shake({
      server: one,
      serverTrusts: [two],
      client: two,
      clientTrusts: [one],
    });
    expect(seen).toEqual({
      protocol: 'TLSv1.3',
      client: [true, spkiDigest(one.certificatePem)],
      server: [true, spkiDigest(two.certificatePem)],
    });
  });

  it('is found among several of the same host name, the current and the next', async () => {
    const next = make('node.example');
    const seen = await shake({
      server: next,
      serverTrusts: [one, two],
      client: two,
      clientTrusts: [one, two, next],
    });
    expect(seen.client).toEqual([true, spkiDigest(next.certificatePem)]);
  });

  it('is refused by a side that trusts another certificate of the same name', async () => {
    const other = make('node.example');
    await expect(
      shake({ server: one, serverTrusts: [two], client: two, clientTrusts: [other] }),
    ).rejects.toThrow();
    await expect(
      shake({ server: one, serverTrusts: [other], client: two, clientTrusts: [one] }),
    ).rejects.toThrow();
  });

  it('is refused under a host name that it does not have, and before or after its time', async () => {
    const sides = { serverTrusts: [two], client: two };
    await expect(
      shake({ ...sides, server: one, clientTrusts: [one], host: 'else.example' }),
    ).rejects.toThrow(/altnames/);
    for (const from of [now - 2 * DAY_MS, now + DAY_MS]) {
      const late = createTlsCertificate({
        hostNames: ['node.example'],
        notBeforeMs: from,
        notAfterMs: from + DAY_MS,
      });
      await expect(shake({ ...sides, server: late, clientTrusts: [late] })).rejects.toThrow(
        /expired|not yet valid/,
      );
    }
  });

  it('has the names, dates and pin that were asked for, and is no CA', () => {
    const parsed = new X509Certificate(one.certificatePem);
    expect(parsed.subjectAltName).toBe(
      'DNS:node.example, DNS:other.example, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7, IP Address:0:0:0:0:0:0:0:1',
    );
    expect(parsed.ca).toBe(false);
    expect(parsed.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect(certificateDates(one.certificatePem)).toEqual({
      notBeforeMs: Math.floor((now - DAY_MS) / 1000) * 1000,
      notAfterMs: Math.floor((now + DAY_MS) / 1000) * 1000,
    });
    const spki = parsed.publicKey.export({ format: 'der', type: 'spki' });
    expect(spkiDigest(parsed.raw)).toBe(sha256(spki));
    expect(spkiDigest(one.certificatePem)).not.toBe(spkiDigest(two.certificatePem));
  });

  it('can end after 2049, when the form of a date changes', () => {
    const notAfterMs = Date.UTC(2050, 0, 1);
    const pair = createTlsCertificate({
      hostNames: ['a.example'],
      notBeforeMs: notAfterMs - 1000,
      notAfterMs,
    });
    expect(certificateDates(pair.certificatePem)).toEqual({
      notBeforeMs: notAfterMs - 1000,
      notAfterMs,
    });
  });

  it('passes the strict check of OpenSSL as its own authority, where openssl is installed', async ({
    skip,
  }) => {
    try {
      execFileSync('openssl', ['version']);
    } catch {
      skip('openssl is not installed');
    }
    await using folder = await makeFolder();
    const file = folder.path('certificate.pem');
    await writeFile(file, one.certificatePem);
    for (const purpose of ['sslserver', 'sslclient']) {
      const args = ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', file, file];
      expect(execFileSync('openssl', args).toString()).toContain('OK');
    }
  });

  it.each([
    [],
    [''],
    ['a b'],
    ['-a.example'],
    ['a..example'],
    ['fe80::1%eth0'],
    ['x'.repeat(64)],
    ['a.example/'],
  ])('is not made for the host names %j', (...hostNames) => {
    expect(() => make(...hostNames)).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }));
  });

  it('that is none is refused by the readers', () => {
    for (const text of ['', 'certificate', new Uint8Array(9)]) {
      expect(() => spkiDigest(text)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
      expect(() => certificateDates(text)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    }
  });
});
