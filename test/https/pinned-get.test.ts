import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';

import { createTlsCertificate } from '#crypto/tls.ts';
import { silentLog } from '#model/log.ts';
import { createPinnedGet } from '#services/https/pinned-get.ts';
import { HttpFailure, serveHttps } from '#services/https/serve-https.ts';
import { makeFolder } from '#test/crypto/folder.ts';

const JSON_TYPE = 'application/json';
const expected = { contentType: JSON_TYPE, bytesMax: 100 };
const makeTls = () =>
  createTlsCertificate({
    hostNames: ['localhost'],
    notBeforeMs: Date.now() - 60_000,
    notAfterMs: Date.now() + 3_600_000,
  });

async function ask(port: number, certificates: string[]): Promise<string> {
  using way = createPinnedGet({ dial: `127.0.0.1:${port}`, certificates });
  return await way.get('https://any.example/path?a=b', expected);
}

const serve = (
  tls: ReturnType<typeof makeTls>,
  answer: Parameters<typeof serveHttps>[0]['answer'] = async () => ({
    contentType: JSON_TYPE,
    body: '[]',
  }),
) => serveHttps({ host: '127.0.0.1', port: 0, tls, log: silentLog, answer });

describe('a pinned question', () => {
  it('takes no status but 200, follows nowhere, and tells a 404 from the rest', async () => {
    const tls = makeTls();
    for (const [status, code] of [
      [204, 'UNAVAILABLE'],
      [302, 'UNAVAILABLE'],
      [403, 'UNAVAILABLE'],
      [404, 'NOT_FOUND'],
      [500, 'UNAVAILABLE'],
    ] as const) {
      let asked = 0;
      await using server = await serve(tls, async () => {
        asked += 1;
        throw new HttpFailure(status, 'other', 'Ask elsewhere.');
      });
      await expect(ask(server.port, [tls.certificatePem])).rejects.toMatchObject({ code });
      expect(asked).toBe(1);
    }
  });

  it('asks for the path under the name of its URL, wherever it dials', async () => {
    const tls = makeTls();
    const seen: string[] = [];
    await using server = await serve(tls, async ({ pathname, search }) => {
      seen.push(pathname + search);
      return { contentType: JSON_TYPE, body: '[1]' };
    });
    expect(await ask(server.port, [tls.certificatePem])).toBe('[1]');
    expect(seen).toEqual(['/path?a=b']);
  });

  it('believes one of the pinned certificates and no other', async () => {
    const [current, next, strange] = [makeTls(), makeTls(), makeTls()];
    const pins = [current.certificatePem, next.certificatePem];
    for (const tls of [current, next]) {
      await using server = await serve(tls);
      expect(await ask(server.port, pins)).toBe('[]');
    }
    await using server = await serve(strange);
    await expect(ask(server.port, pins)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it.skipIf(!existsSync('/usr/bin/openssl'))(
    'does not believe what a pinned certificate has signed',
    async () => {
      await using folder = await makeFolder();
      const at = (name: string) => folder.path(name);
      const run = (...words: string[]) => execFileSync('openssl', words, { stdio: 'ignore' });
      const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
      run('req', '-x509', ...key, '-keyout', at('ca.key'), '-out', at('ca'), '-subj', '/CN=ca');
      const ca = ['-CA', at('ca'), '-CAkey', at('ca.key')];
      const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
      run('req', '-x509', ...ca, ...key, '-keyout', at('key'), '-out', at('leaf'), ...subject);
      const [authority, certificatePem, privateKeyPem] = await Promise.all(
        ['ca', 'leaf', 'key'].map((name) => readFile(at(name), 'utf8')),
      );
      await using server = await serve({
        certificatePem: `${certificatePem}${authority}`,
        privateKeyPem: privateKeyPem ?? '',
      });
      const socket = connect({ port: server.port, ca: authority, servername: 'localhost' });
      await once(socket, 'secureConnect'); // as the web would believe it
      expect(socket.authorized).toBe(true);
      socket.destroy();
      const asked = ask(server.port, [authority ?? '']);
      await expect(asked).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    },
  );

  it('and its server speak TLS 1.3 only', async () => {
    const { certificatePem, privateKeyPem } = makeTls();
    const old = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
    await using server = await serve({ certificatePem, privateKeyPem });
    const socket = connect({
      port: server.port,
      ca: certificatePem,
      servername: 'localhost',
      ...old,
    });
    await expect(once(socket, 'secureConnect')).rejects.toThrow(/protocol version/);
    const oldServer = createServer(
      { cert: certificatePem, key: privateKeyPem, ...old },
      (_, reply) => {
        reply.writeHead(200, { 'content-type': JSON_TYPE }).end('[]');
      },
    );
    oldServer.listen(0, '127.0.0.1');
    await once(oldServer, 'listening');
    const place = oldServer.address();
    const port = typeof place === 'object' && place !== null ? place.port : 0;
    await expect(ask(port, [certificatePem])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    oldServer.close();
  });
});
