import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';

import { status } from '@grpc/grpc-js';
import { describe, expect, it, vi } from 'vitest';

import { limits } from '#model/limits.ts';
import { type LogFields, silentLog } from '#model/log.ts';
import { Refusal } from '#model/refusal.ts';
import { EXCHANGE } from '#wire/exchange-messages.ts';
import type { ExchangeHandlers } from '#wire/exchange-server.ts';
import { methodsOf } from '#wire/rpc.ts';

import {
  connectAs,
  connectBare,
  echo,
  makeCertificate,
  makeMember,
  start,
  startHostile,
  TestMembers,
} from './exchange-world.ts';
import { codeOfAsync } from './refusals.ts';

const north = makeCertificate();
const south = makeCertificate();
const stranger = makeCertificate();
const referralId = '22222222-0000-4000-8000-000000000000';
const digest = Buffer.alloc(32, 7).toString('base64url');

describe('two members', () => {
  it('deliver and sync over mutual TLS, each known by its pin', async () => {
    await using server = await start(south, new TestMembers(makeMember('north', [north])));
    await using client = connectAs(north);
    const target = makeMember('south', [south], server.port);
    expect(await client.deliver(target, 'parcel')).toBe('receipt for north: parcel');
    const own = { seq: 3, digest };
    const answer = await client.sync(target, [
      { referralId, own, read: null, receiptsWanted: [digest] },
    ]);
    expect(answer).toEqual([
      {
        referralId,
        known: true,
        head: own,
        read: null,
        yours: [],
        mine: [{ parcel: 'p', receipt: null }],
        receipts: [],
        more: false,
      },
    ]);
  });

  it('name their referrals to each other, page by page', async () => {
    const listHeads = vi.fn(async (_: unknown, after: string) => ({
      referrals: [{ referralId, head: null, read: { seq: 2, digest }, beside: 3 }],
      more: after === '',
    }));
    const members = new TestMembers(makeMember('north', [north]));
    await using server = await start(south, members, { handlers: { ...echo, listHeads } });
    await using client = connectAs(north);
    const target = makeMember('south', [south], server.port);
    const first = await client.listHeads(target, '');
    expect(first).toEqual({
      referrals: [{ referralId, head: null, read: { seq: 2, digest }, beside: 3 }],
      more: true,
    });
    expect(await client.listHeads(target, referralId)).toMatchObject({ more: false });
    expect(await codeOfAsync(client.listHeads(target, 'not-an-id'))).toBe('SCHEMA_VIOLATION');
    expect(listHeads.mock.calls.map(([peer, after]) => [peer, after])).toEqual([
      [expect.objectContaining({ name: 'north' }), ''],
      [expect.objectContaining({ name: 'north' }), referralId],
    ]);
  });

  it('use the next certificate as well as the current one, on either side', async () => {
    const next = makeCertificate();
    await using server = await start(next, new TestMembers(makeMember('north', [north, stranger])));
    const target = makeMember('south', [south, next], server.port);
    for (const pair of [north, stranger]) {
      await using client = connectAs(pair);
      expect(await client.deliver(target, 'parcel')).toMatch(/^receipt for north/);
    }
  });

  it('speak TLS 1.3 and nothing older, whatever the process would take', async () => {
    const { DEFAULT_MIN_VERSION } = tls;
    tls.DEFAULT_MIN_VERSION = 'TLSv1.2';
    await using server = await start(south, new TestMembers(makeMember('north', [north])));
    const shake = (maxVersion: 'TLSv1.2' | 'TLSv1.3') =>
      new Promise<string | null>((resolve, reject) => {
        const socket = tls.connect({
          host: 'localhost',
          port: server.port,
          ca: south.certificatePem,
          minVersion: 'TLSv1.2',
          maxVersion,
          ALPNProtocols: ['h2'],
        });
        socket.once('secureConnect', () => {
          resolve(socket.getProtocol());
          socket.destroy();
        });
        socket.once('error', reject);
      });
    expect(await shake('TLSv1.3')).toBe('TLSv1.3');
    await expect(shake('TLSv1.2')).rejects.toThrow(/alert protocol version/i);
    tls.DEFAULT_MIN_VERSION = DEFAULT_MIN_VERSION;
  });
});

describe('the server', () => {
  it('gives a stranger, a client without certificate and a removed member one and the same answer', async () => {
    const members = new TestMembers(makeMember('north', [north]));
    await using server = await start(south, members);
    const target = makeMember('south', [south], server.port);
    await using known = connectAs(north);
    expect(await known.deliver(target, 'parcel')).toMatch(/^receipt/);
    await using unknown = connectAs(stranger);
    await using bare = connectBare(south, server.port);
    members.set();
    const answers = await Promise.all(
      [unknown, bare, known].map((client) =>
        client.deliver(target, 'parcel').then(String, (error: Refusal) => {
          const cause = error.cause as { details: string; metadata: { toJSON(): object } };
          const { date: _, ...metadata } = cause.metadata.toJSON() as Record<string, unknown>;
          return { code: error.code, details: cause.details, metadata: JSON.stringify(metadata) };
        }),
      ),
    );
    expect(answers[0]).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  it('refuses a member at its next call after it was removed, on the connection that lives', async () => {
    const members = new TestMembers(makeMember('north', [north]));
    const seen = vi.fn(async () => 'receipt');
    await using server = await start(south, members, { handlers: { ...echo, deliver: seen } });
    await using client = connectAs(north);
    const target = makeMember('south', [south], server.port);
    await client.deliver(target, 'one');
    members.set(makeMember('north', [stranger])); // still a member, with another key
    expect(await codeOfAsync(client.deliver(target, 'two'))).toBe('UNAUTHENTICATED');
    expect(seen).toHaveBeenCalledTimes(1);
  });

  it('learns of a new member without a restart: its next connection is known', async () => {
    const members = new TestMembers();
    await using server = await start(south, members);
    await using client = connectAs(north);
    const target = makeMember('south', [south], server.port);
    expect(await codeOfAsync(client.deliver(target, 'one'))).toBe('UNAUTHENTICATED');
    members.set(makeMember('north', [north]));
    // At once the client waits; then it connects again instead of using what it had.
    expect(await codeOfAsync(client.deliver(target, 'two'))).toBe('UNAVAILABLE');
    await sleep((limits.reconnectBackoffMs[0] ?? 0) + 20);
    expect(await client.deliver(target, 'three')).toMatch(/^receipt/);
    expect(client.warned.map(([event]) => event)).toEqual(['peer-does-not-know-us']);
  });

  it('passes a refusal on by its code and keeps the words of a bug to itself', async () => {
    const logged: [string, LogFields | undefined][] = [];
    const log = { ...silentLog, error: (e: string, f?: LogFields) => void logged.push([e, f]) };
    const handlers: ExchangeHandlers = {
      deliver: () => Promise.reject(new Refusal('CHAIN_FORK', 'Two messages have one number.')),
      sync: () => Promise.reject(new Error('canary')),
      listHeads: () => Promise.reject(new Error('canary')),
    };
    const members = new TestMembers(makeMember('north', [north]));
    await using server = await start(south, members, { handlers, log });
    await using client = connectAs(north);
    const target = makeMember('south', [south], server.port);
    const fork = await client.deliver(target, 'fork').catch((error: unknown) => error);
    // In our own words: those of a partner could hold anything.
    expect(fork).toMatchObject({
      code: 'CHAIN_FORK',
      message: expect.not.stringContaining('Two messages'),
    });
    const bug = await client.sync(target, []).catch((error: unknown) => error);
    expect(bug).toMatchObject({
      code: 'UNAVAILABLE',
      cause: { code: 13, details: 'Internal error.' },
    });
    expect(logged).toEqual([
      [
        'call-failed',
        { method: 'sync', id: expect.any(String), kind: 'Error', at: expect.any(String) },
      ],
    ]);
  });

  it('answers RATE_LIMITED to a peer beyond its quota and not to another', async () => {
    const members = new TestMembers(makeMember('north', [north]), makeMember('west', [stranger]));
    await using server = await start(south, members, { callsPerPeerPerSecondMax: 2 });
    await using client = connectAs(north);
    await using other = connectAs(stranger);
    const target = makeMember('south', [south], server.port);
    const codes = await Promise.all(
      [1, 2, 3, 4].map(() => codeOfAsync(client.deliver(target, 'x'))),
    );
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(2);
    expect(await codeOfAsync(other.deliver(target, 'x'))).toBe('nothing refused');
  });

  it('says BAD_CONFIG for a port that is taken', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const started = start(south, new TestMembers(), { host: '127.0.0.1', port });
    expect(await codeOfAsync(started)).toBe('BAD_CONFIG');
    taken.close();
  });
});

describe('the client', () => {
  it('refuses a server with another certificate, also one of the same name', async () => {
    await using server = await start(stranger, new TestMembers(makeMember('north', [north])));
    await using client = connectAs(north);
    const target = makeMember('south', [south], server.port);
    expect(await codeOfAsync(client.deliver(target, 'parcel'))).toBe('UNAVAILABLE');
  });

  it('refuses a certificate that is trusted and whose key is not pinned', async () => {
    const seen = vi.fn(async () => 'receipt');
    await using server = await start(stranger, new TestMembers(makeMember('north', [north])), {
      handlers: { ...echo, deliver: seen },
    });
    await using client = connectAs(north);
    const { pins } = makeMember('south', [south]);
    const target = { ...makeMember('south', [stranger], server.port), pins };
    expect(await codeOfAsync(client.deliver(target, 'parcel'))).toBe('UNAVAILABLE');
    expect(client.warned).toContainEqual([
      'peer-certificate-not-pinned',
      { organisation: 'https://south.example' },
    ]);
    expect(seen).not.toHaveBeenCalled();
  });

  it('opens a new channel when the address or the pins of a member change', async () => {
    const members = new TestMembers(makeMember('north', [north]));
    await using client = connectAs(north);
    const first = await start(south, members);
    expect(await client.deliver(makeMember('south', [south], first.port), 'x')).toMatch(/^receipt/);
    await first.drain();
    await using second = await start(stranger, members);
    const moved = makeMember('south', [stranger], second.port);
    expect(await client.deliver(moved, 'x')).toMatch(/^receipt/);
  });

  it('is TIMED_OUT when no answer comes in time, whether the server is slow or says nothing', async () => {
    const slow = { ...echo, deliver: () => sleep(900, 'late') };
    await using server = await start(south, new TestMembers(makeMember('north', [north])), {
      handlers: slow,
    });
    const mute = createServer(() => undefined);
    await new Promise<void>((resolve) => mute.listen(0, 'localhost', resolve));
    const { port: mutePort } = mute.address() as { port: number };
    await using client = connectAs(north, 300);
    for (const port of [server.port, mutePort]) {
      const before = performance.now();
      const target = makeMember(`port-${port}`, [south], port);
      // By the deadline that the other side is told, too, and not by giving up alone.
      const timedOut = { code: 'TIMED_OUT', cause: { code: status.DEADLINE_EXCEEDED } };
      await expect(client.deliver(target, 'x')).rejects.toMatchObject(timedOut);
      expect(performance.now() - before).toBeGreaterThan(250);
      expect(performance.now() - before).toBeLessThan(800);
    }
    await using patient = connectAs(north, 2500);
    const target = makeMember('south', [south], server.port);
    expect(await patient.deliver(target, 'x')).toBe('late');
    mute.close();
  });

  it('is UNAVAILABLE when nobody listens, naming the member and what to do', async () => {
    await using client = connectAs(north);
    const nobody = client.deliver(makeMember('south', [south], 1), 'x');
    await expect(nobody).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/^The node of https:\/\/south\.example .*try again/),
    });
  });

  it('tries again by itself when a server that was away comes back', async () => {
    let calls = 0;
    const deliver = async () => {
      calls += 1;
      if (calls < 3) throw new Refusal('UNAVAILABLE', 'Not now.');
      return 'receipt';
    };
    await using server = await start(south, new TestMembers(makeMember('north', [north])), {
      handlers: { ...echo, deliver },
    });
    await using client = connectAs(north);
    expect(await client.deliver(makeMember('south', [south], server.port), 'x')).toBe('receipt');
    expect(calls).toBe(3);
  });

  it('does not take an answer that is broken, against its contract or larger than its bound', async () => {
    const { response } = methodsOf(EXCHANGE.service, EXCHANGE.methods).deliver;
    const answers: [Buffer, string][] = [
      [Buffer.from([0xff]), 'MALFORMED'],
      [response.wire.encode({ receipt: '' }), 'SCHEMA_VIOLATION'],
      [
        response.wire.encode({ receipt: 'x'.repeat(limits.receiptJwsBytesMax + 1) }),
        'SCHEMA_VIOLATION',
      ],
      [Buffer.alloc(limits.grpcMessageBytesMax + 1), 'TOO_LARGE'],
    ];
    for (const [bytes, code] of answers) {
      await using hostile = await startHostile(south, bytes);
      await using client = connectAs(north);
      const target = makeMember('south', [south], hostile.port);
      expect(await codeOfAsync(client.deliver(target, 'x'))).toBe(code);
    }
  });
});

describe('the end of a server', () => {
  it('lets a call under way finish, takes no new one, and closes', async () => {
    const entered = Promise.withResolvers<void>();
    const receipt = Promise.withResolvers<string>();
    const deliver = () => {
      entered.resolve();
      return receipt.promise;
    };
    const server = await start(south, new TestMembers(makeMember('north', [north])), {
      handlers: { ...echo, deliver },
    });
    await using client = connectAs(north);
    const target = makeMember('south', [south], server.port);
    const underWay = client.deliver(target, 'x');
    await entered.promise;
    const drained = server.drain();
    await using late = connectAs(north);
    expect(await codeOfAsync(late.deliver(target, 'y'))).toBe('UNAVAILABLE');
    receipt.resolve('receipt');
    expect(await underWay).toBe('receipt');
    await drained;
  });

  it('is not waited for by a call that its caller ends', async () => {
    const handlers = { ...echo, deliver: () => Promise.withResolvers<string>().promise };
    const members = new TestMembers(makeMember('north', [north]));
    const server = await start(south, members, { handlers, drainMs: 200 });
    await using client = connectAs(north);
    const ending = new AbortController();
    const to = makeMember('south', [south], server.port);
    const hung = codeOfAsync(client.deliver(to, 'x', ending.signal));
    await sleep(100);
    const before = performance.now();
    ending.abort();
    expect(await hung).toBe('UNAVAILABLE');
    expect(performance.now() - before).toBeLessThan(1000);
    await server.drain();
  });

  it('does not wait longer than its bound for a call that never ends', async () => {
    const arrived = Promise.withResolvers<void>();
    const deliver = () => {
      arrived.resolve();
      return Promise.withResolvers<string>().promise;
    };
    const handlers = { ...echo, deliver };
    const members = new TestMembers(makeMember('north', [north]));
    const server = await start(south, members, { handlers, drainMs: 200 });
    await using client = connectAs(north);
    const hung = codeOfAsync(client.deliver(makeMember('south', [south], server.port), 'x'));
    await arrived.promise;
    const before = performance.now();
    await server.drain();
    expect(performance.now() - before).toBeLessThan(1000);
    expect(await hung).toBe('UNAVAILABLE');
    expect(performance.now() - before).toBeLessThan(3000);
  });
});
