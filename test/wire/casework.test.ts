import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { limits } from '#model/limits.ts';
import { type LogFields, silentLog } from '#model/log.ts';
import { Refusal } from '#model/refusal.ts';
import { createCaseworkClient } from '#wire/casework-client.ts';
import { startCaseworkServer } from '#wire/casework-server.ts';
import { CASEWORK_METHODS, type CaseworkApi, type CaseworkCall } from '#wire/contracts/casework.ts';

import { makeCertificate } from './exchange-world.ts';
import { codeOf, codeOfAsync } from './refusals.ts';

type Actor = { name: string };
const uuid = '22222222-0000-4000-8000-000000000000';
const outcome = { referralId: uuid, messageId: uuid, seq: 1, status: 'requested' as const };

const none = async () => {
  throw new Refusal('NOT_FOUND', 'No such thing here.');
};

function makeApi(more: Partial<CaseworkApi<Actor>>): CaseworkApi<Actor> {
  const api = Object.fromEntries(Object.keys(CASEWORK_METHODS).map((name) => [name, none]));
  return { ...(api as unknown as CaseworkApi<Actor>), watch: endless, ...more };
}

async function* endless(_request: unknown, { signal }: CaseworkCall<Actor>) {
  yield { event: 'hello' };
  if (!signal.aborted) await once(signal, 'abort');
}

function start(api: Partial<CaseworkApi<Actor>>, more = {}) {
  return startCaseworkServer<Actor>({
    host: '127.0.0.1',
    port: 0,
    handlers: makeApi(api),
    authenticate: async (token) => (token === 'good' ? { name: 'worker' } : undefined),
    log: silentLog,
    health: () => true,
    ...more,
  });
}

const connect = (port: number, more = {}) =>
  createCaseworkClient({ address: `127.0.0.1:${port}`, token: 'good', ...more });

describe('the casework service', () => {
  it('hands over request, actor and second token, and brings the answer back', async () => {
    const calls: unknown[] = [];
    await using server = await start({
      act: async (request, { actor, token, secondToken }) => {
        calls.push({ request, actor, token, secondToken });
        return { outcome };
      },
    });
    await using client = connect(server.port, { secondToken: 'other' });
    const request = {
      requestId: uuid,
      referralId: uuid,
      body: { step: 'arrived' as const, arrived: { codeWordGiven: true } },
      sections: [{ section: 'note' as const, content: Buffer.from('{"a":1}') }],
      grants: [],
    };
    expect(await client.act(request)).toEqual({ outcome });
    expect(calls).toEqual([
      { request, actor: { name: 'worker' }, token: 'good', secondToken: 'other' },
    ]);
    await using alone = connect(server.port);
    await alone.act(request);
    expect(calls[1]).toMatchObject({ secondToken: null });
  });

  it('carries a case file of the largest size as the bytes that it is, and nothing larger', async () => {
    let got = Buffer.of();
    await using server = await start({
      importCase: async ({ caseFile }) => {
        got = Buffer.from(caseFile);
        const summary = { localCode: 'case-1', importedAt: 1, referralIds: [] };
        return { case: summary, created: true };
      },
    });
    await using client = connect(server.port);
    const caseFile = Buffer.alloc(limits.caseFileBytesMax, 'é');
    expect(await client.importCase({ caseFile })).toMatchObject({ created: true });
    expect(got.equals(caseFile)).toBe(true);
    const larger = client.importCase({ caseFile: Buffer.alloc(limits.caseFileBytesMax + 1) });
    await expect(larger).rejects.toMatchObject({
      code: 'SCHEMA_VIOLATION',
      message: expect.stringContaining('caseFile'),
    });
  });

  it('gives an unknown, an empty and an odd token one and the same answer', async () => {
    await using server = await start({});
    const answers = await Promise.all(
      ['bad', '', 'two words', 'x'.repeat(300)].map(async (token) => {
        await using client = connect(server.port, { token });
        return await client
          .getNodeStatus({})
          .catch(({ code, message }: Refusal) => `${code} ${message}`);
      }),
    );
    expect(answers[0]).toMatch(/^UNAUTHENTICATED .*Ask an administrator/);
    expect(new Set(answers).size).toBe(1);
  });

  it('shows a refusal in its own words, and of a bug nothing', async () => {
    const logged: [string, LogFields | undefined][] = [];
    const log = { ...silentLog, error: (e: string, f?: LogFields) => void logged.push([e, f]) };
    await using server = await start(
      {
        getCase: async () => {
          throw new Refusal('GATE_OPEN_ITEMS', 'Open: risk. Assess it and try again.');
        },
        listCases: async () => ({ cases: [{ canary: true }] }) as never,
      },
      { log },
    );
    await using client = connect(server.port);
    await expect(client.getCase({ localCode: 'a', withContent: false })).rejects.toMatchObject({
      code: 'GATE_OPEN_ITEMS',
      message: 'Open: risk. Assess it and try again.',
    });
    const bug = client.listCases({ limit: 0, cursor: '' });
    await expect(bug).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: { code: 13 } });
    expect(logged).toHaveLength(1);
    expect(JSON.stringify(logged)).not.toContain('canary');
  });

  it('tells the handler that the caller has given up', async () => {
    let told: AbortSignal | undefined;
    await using server = await start({
      getNodeStatus: async (_request, { signal }) => {
        told = signal;
        await once(signal, 'abort');
        throw new Refusal('UNAVAILABLE', 'Nobody waits.');
      },
    });
    await using client = connect(server.port, { deadlineMs: 200 });
    expect(await codeOfAsync(client.getNodeStatus({}))).toBe('TIMED_OUT');
    await expect.poll(() => told?.aborted).toBe(true);
  });

  it('is refused beyond loopback without TLS, at either end', async () => {
    expect(await codeOfAsync(start({}, { host: '0.0.0.0' }))).toBe('BAD_CONFIG');
    expect(await codeOfAsync(start({}, { host: 'node.example' }))).toBe('BAD_CONFIG');
    for (const address of ['node.example:443', '127.0.0.1.example:443']) {
      expect(codeOf(() => createCaseworkClient({ address, token: 'good' }))).toBe('BAD_CONFIG');
    }
  });

  it('speaks TLS with the one certificate that the client was given', async () => {
    const tls = makeCertificate('localhost');
    await using server = await start(
      { act: async () => ({ outcome }) },
      { host: 'localhost', tls },
    );
    const address = `localhost:${server.port}`;
    await using client = createCaseworkClient({ address, token: 'good', tls });
    expect(await codeOfAsync(client.getNodeStatus({}))).toBe('NOT_FOUND');
    const other = makeCertificate('localhost');
    await using wrong = createCaseworkClient({ address, token: 'good', tls: other });
    expect(await codeOfAsync(wrong.getNodeStatus({}))).toBe('UNAVAILABLE');
  });
});

describe('watching', () => {
  const request = { referralId: '' as const, afterEventId: '' };

  it('brings event after event without a deadline, and ends when the caller stops', async () => {
    let ended = false;
    await using server = await start({
      async *watch(_request, { signal }) {
        try {
          for (let n = 0; !signal.aborted; n += 1) {
            yield { event: `event ${n}` };
            await sleep(60);
          }
        } finally {
          ended = true;
        }
      },
    });
    await using client = connect(server.port, { deadlineMs: 100 });
    const events: string[] = [];
    for await (const { event } of client.watch(request)) {
      if (events.push(event) === 5) break;
    }
    expect(events).toEqual(['event 0', 'event 1', 'event 2', 'event 3', 'event 4']);
    await expect.poll(() => ended).toBe(true);
  });

  it('ends quietly when its signal is aborted', async () => {
    await using server = await start({});
    await using client = connect(server.port);
    const stop = new AbortController();
    const events: string[] = [];
    for await (const { event } of client.watch(request, stop.signal)) {
      events.push(event);
      stop.abort();
    }
    expect(events).toEqual(['hello']);
  });

  it('takes no more from its source than a slow reader has room for', async () => {
    let made = 0;
    await using server = await start({
      async *watch(_request, { signal }) {
        while (!signal.aborted) {
          made += 1;
          yield { event: 'x'.repeat(limits.eventBytesMax) };
        }
      },
    });
    await using client = connect(server.port);
    const events = client.watch(request)[Symbol.asyncIterator]();
    await events.next();
    await sleep(300);
    const before = made;
    await sleep(300);
    expect(made).toBe(before);
    await events.return?.();
  });

  it('is refused at once for a token that is not known', async () => {
    await using server = await start({});
    await using client = connect(server.port, { token: 'bad' });
    const events = client.watch(request)[Symbol.asyncIterator]();
    expect(await codeOfAsync(events.next())).toBe('UNAUTHENTICATED');
  });

  it('ends when its token is no longer known, at the first event a second later', async () => {
    let isKnown = true;
    await using server = await start(
      {
        async *watch(_request, { signal }) {
          for (let n = 0; !signal.aborted; n += 1) {
            yield { event: `event ${n}` };
            await sleep(limits.tokenJudgedMs / 4);
          }
        },
      },
      { authenticate: async () => (isKnown ? { name: 'worker' } : undefined) },
    );
    await using client = connect(server.port);
    const events = client.watch(request)[Symbol.asyncIterator]();
    const startMs = performance.now();
    for (let n = 0; n < 8; n += 1) await events.next();
    isKnown = false;
    let code = 'none';
    for (let n = 0; n < 8 && code === 'none'; n += 1) {
      await events.next().catch((error: Refusal) => {
        code = error.code;
      });
    }
    expect(code).toBe('UNAUTHENTICATED');
    expect(performance.now() - startMs).toBeLessThan(5 * limits.tokenJudgedMs);
  });

  it('ends with UNAVAILABLE when the node stops, which does not wait for the watchers', async () => {
    const server = await start({});
    await using client = connect(server.port);
    const events = client.watch(request)[Symbol.asyncIterator]();
    expect(await events.next()).toEqual({ done: false, value: { event: 'hello' } });
    const before = performance.now();
    const next = codeOfAsync(events.next());
    await server.drain();
    expect(performance.now() - before).toBeLessThan(2000);
    expect(await next).toBe('UNAVAILABLE');
  });
});
