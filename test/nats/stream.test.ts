import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';

import { silentLog } from '#model/log.ts';
import { connectEventStream } from '#nats/stream.ts';
import { writeNatsServerConfig } from '#services/node/nats-server-config.ts';
import { launchNatsServer } from '#services/node/nats-server-process.ts';
import { makeEvents, SOURCE, until } from '#test/tracking/test-events.ts';
import { writeCloudEvent } from '#tracking/cloud-event.ts';
import type { EventStream } from '#tracking/ports.ts';
import { startTestNats, testNatsBinary } from './test-nats.ts';

const outgoing = (count: number) =>
  makeEvents(count).map((event) => writeCloudEvent(event, SOURCE));

async function connected(stream: EventStream): Promise<void> {
  await new Promise<void>((resolve) => stream.onConnected(resolve));
  await stream.position();
}

describe('the event stream', () => {
  it('acknowledges what it stored and drops a double by its event id', async () => {
    await using nats = await startTestNats();
    await using stream = nats.connect();
    await connected(stream);
    const events = outgoing(3);
    expect(await stream.publish(events)).toEqual({ streamSeq: 3, stored: 3 });
    expect(await stream.publish(events)).toEqual({ streamSeq: 3, stored: 0 });
    expect((await stream.position()).streamSeq).toBe(3);
  });

  it('throws nothing at start without a server, and refuses to publish at once', async () => {
    await using stream = connectEventStream({
      servers: ['nats://127.0.0.1:1'],
      user: 'nobody',
      password: 'none',
      log: silentLog,
    });
    const startMs = performance.now();
    await expect(stream.publish(outgoing(1))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(stream.position()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(performance.now() - startMs).toBeLessThan(500);
  });

  it('refuses while its server is stopped and publishes again once it is back', async () => {
    await using nats = await startTestNats();
    await using stream = nats.connect();
    await connected(stream);
    await nats.stop();
    await expect(stream.publish(outgoing(1))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const again = new Promise<void>((resolve) => {
      let calls = 0;
      stream.onConnected(() => {
        calls += 1;
        if (calls === 1) resolve();
      });
    });
    await nats.start();
    await again;
    expect(await stream.publish(outgoing(1))).toMatchObject({ stored: 1 });
  });

  it('is told apart from the one before it when it was deleted', async () => {
    await using nats = await startTestNats();
    await using stream = nats.connect();
    await connected(stream);
    await stream.publish(outgoing(1));
    const before = await stream.position();
    await nats.deleteStream();
    await expect(stream.publish(outgoing(1))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const after = await stream.position();
    expect(after.streamSeq).toBe(0);
    expect(after.streamCreated).not.toBe(before.streamCreated);
  });

  it('takes the same ids again after a purge, which the server alone would drop', async () => {
    await using nats = await startOpenNats();
    await using stream = connectEventStream({ ...nats, log: silentLog });
    await connected(stream);
    const events = outgoing(5);
    await stream.publish(events);
    const manager = await jetstreamManager(nats.admin);
    await manager.streams.purge('SRX');
    expect(await stream.publish(events)).toMatchObject({ stored: 0 });
    expect((await stream.position()).streamSeq).toBe(0);
    expect(await stream.publish(events)).toEqual({ streamSeq: 5, stored: 5 });
  });
});

describe('a durable consumer', () => {
  it('hands an event on again when it could not be handled, and then no more', async () => {
    await using nats = await startTestNats();
    await using stream = nats.connect();
    const handled: string[] = [];
    let failures = 2;
    await using _ = stream.consume('tracker', 'srx.v1.referral.>', async (jsons) => {
      if (failures-- > 0) throw new Error('the database is away');
      handled.push(...jsons);
    });
    await connected(stream);
    const events = outgoing(4);
    await stream.publish(events);
    await until(() => handled.length >= 4);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(handled.toSorted()).toEqual(events.map(({ json }) => json).toSorted());
  });

  it('lets one event that always fails stand alone', async () => {
    await using nats = await startTestNats();
    await using stream = nats.connect();
    const events = outgoing(5);
    const handled: string[] = [];
    await using _ = stream.consume('tracker', 'srx.v1.referral.>', async (jsons) => {
      if (jsons.includes(events[2]?.json ?? '')) throw new Error('this one never');
      handled.push(...jsons);
    });
    await connected(stream);
    await stream.publish(events);
    await until(() => handled.length === 4);
    expect(handled).not.toContain(events[2]?.json);
  });

  it('goes on after its server was killed and after its stream was deleted', async () => {
    await using nats = await startTestNats();
    await using stream = nats.connect();
    const handled: string[] = [];
    await using _ = stream.consume('tracker', 'srx.v1.referral.>', async (jsons) => {
      handled.push(...jsons);
    });
    await connected(stream);
    await stream.publish(outgoing(3));
    await until(() => handled.length === 3);
    nats.kill();
    await until(() => canPublish(stream));
    await until(() => handled.length === 4);
    await nats.deleteStream();
    await until(() => canPublish(stream));
    await until(() => handled.length === 5);
  });
});

describe('the user of a node', () => {
  it('can reach its own stream and nothing beside it', async () => {
    await using nats = await startTestNats();
    const connection = await connect({ ...nats, pass: nats.password });
    for (const subject of [
      '$JS.API.ACCOUNT.PURGE.$G',
      '$JS.API.SERVER.REMOVE',
      '$JS.API.META.LEADER.STEPDOWN',
      '$JS.API.STREAM.PURGE.SRX',
      '$JS.API.STREAM.CREATE.OTHER',
      '$JS.API.STREAM.LIST',
      'another.subject',
    ]) {
      const asked = connection.request(subject, '', { timeout: 1000 });
      await expect(asked, subject).rejects.toThrow(/ermission/);
    }
    await connection.close();
  });

  it('is asked for its password', async () => {
    await using nats = await startTestNats();
    await expect(connect({ servers: nats.servers })).rejects.toThrow();
    await expect(connect({ servers: nats.servers, user: nats.user, pass: 'x' })).rejects.toThrow();
  });
});

async function canPublish(stream: EventStream): Promise<boolean> {
  try {
    await stream.position();
    return (await stream.publish(outgoing(1))).stored === 1;
  } catch {
    return false;
  }
}

/** With a user who may do everything, as an administrator of the machine could. */
async function startOpenNats() {
  const folder = await mkdtemp(join(tmpdir(), 'srx-nats-'));
  const portsDir = join(folder, 'ports');
  await mkdir(portsDir);
  const configFile = join(folder, 'open.conf');
  const storeDir = join(folder, 'store');
  const password = 'only-for-this-test';
  const config = JSON.parse(
    writeNatsServerConfig({ name: 'open', port: 0, storeDir, portsDir, password }),
  );
  config.authorization.users.push({ user: 'admin', password });
  await writeFile(configFile, JSON.stringify(config));
  const binary = await testNatsBinary();
  const server = await launchNatsServer({ binary, configFile, portsDir, port: 0 });
  const servers = [`nats://127.0.0.1:${server.port}`];
  const admin = await connect({ servers, user: 'admin', pass: password });
  return {
    servers,
    user: 'srx-node',
    password,
    admin,
    async [Symbol.asyncDispose]() {
      await admin.close();
      await server.stop();
      await rm(folder, { recursive: true });
    },
  };
}
