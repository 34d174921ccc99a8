import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';

import { createTlsCertificate } from '#crypto/tls.ts';
import { silentLog } from '#model/log.ts';
import { connectEventStream } from '#nats/stream.ts';
import { NATS_USER, writeNatsServerConfig } from '#services/node/nats-server-config.ts';
import { launchNatsServer } from '#services/node/nats-server-process.ts';
import { makeFolder } from '#test/crypto/folder.ts';
import { until } from '#test/tracking/test-events.ts';

import { testNatsBinary } from './test-nats.ts';

const makeCertificate = () =>
  createTlsCertificate({
    hostNames: ['localhost'],
    notBeforeMs: Date.now() - 60_000,
    notAfterMs: Date.now() + 3_600_000,
  });

describe('an event server beyond this machine', () => {
  it('is believed by its authority, over TLS', async () => {
    await using folder = await makeFolder();
    const { certificatePem, privateKeyPem } = makeCertificate();
    await writeFile(folder.path('cert.pem'), certificatePem);
    await writeFile(folder.path('key.pem'), privateKeyPem, { mode: 0o600 });
    const portsDir = folder.path('ports');
    await mkdir(portsDir);
    const own = { name: 'test', port: 0, storeDir: folder.path('store'), portsDir, password: 'p' };
    const config = JSON.parse(writeNatsServerConfig(own)) as Record<string, unknown>;
    config['tls'] = { cert_file: folder.path('cert.pem'), key_file: folder.path('key.pem') };
    const configFile = folder.path('nats.conf');
    await writeFile(configFile, JSON.stringify(config));
    const binary = await testNatsBinary();
    const server = await launchNatsServer({ binary, configFile, portsDir, port: 0 });
    try {
      const address = {
        servers: [`tls://localhost:${server.port}`],
        user: NATS_USER,
        password: 'p',
      };
      const said: string[] = [];
      const log = { ...silentLog, warn: (event: string) => void said.push(event) };
      await using stranger = connectEventStream({
        ...address,
        tls: { ca: makeCertificate().certificatePem },
        log,
      });
      await until(() => said.includes('nats-unreachable'));
      await expect(stranger.position()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await using stream = connectEventStream({ ...address, tls: { ca: certificatePem }, log });
      await new Promise<void>((resolve) => stream.onConnected(resolve));
      expect((await stream.position()).streamSeq).toBe(0);
    } finally {
      await server.stop();
    }
  });

  it('hears no password when it offers no TLS', async () => {
    const heard: string[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (bytes) => void heard.push(String(bytes)));
      const info = {
        server_id: 'X',
        version: '2.9.10',
        proto: 1,
        max_payload: 1024,
        headers: true,
      };
      socket.write(`INFO ${JSON.stringify(info)}\r\n`);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const place = server.address();
    const port = typeof place === 'object' && place !== null ? place.port : 0;
    const said: string[] = [];
    const log = { ...silentLog, warn: (event: string) => void said.push(event) };
    {
      const servers = [`tls://127.0.0.1:${port}`];
      const address = { servers, user: 'someone', password: 'canary-word', tls: {} };
      await using _ = connectEventStream({ ...address, log });
      await until(() => said.includes('nats-unreachable'));
    }
    server.close();
    expect(heard.join()).not.toContain('canary-word');
  });
});
