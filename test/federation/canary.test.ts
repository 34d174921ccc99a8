import { execFile } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { formsOf, searchPlaces } from '#deploy/demo/private-words.ts';
import { SECTIONS } from '#model/codes.ts';
import type { Side } from '#model/track.ts';
import { NODE_FILES } from '#services/node/config.ts';
import { sealed } from '#test/exchange/forge.ts';
import { until } from '#test/tracking/test-events.ts';
import { attackerAt, forgerOf, tlsOf } from './attacker.ts';
import { type CanaryStory, tellCanaryStory } from './canary-story.ts';
import { startWorld, type World } from './world.ts';

/** What every canary word ends with, and every canary telephone number begins with. */
const MARKS = [
  { field: 'a word', word: '-CANARY' },
  { field: 'a telephone number', word: '+99988877' },
];

let world: World;
let story: CanaryStory;
/** What each node's own listeners were told. */
const events: string[] = [];
/** URLs and headers of every HTTP request and answer, of both versions. */
const requested: string[] = [];
beforeAll(async () => {
  watchHttp();
  world = await startWorld({ onEvent: (json) => void events.push(json) });
  story = await tellCanaryStory(world.federation);
  // Attacks too: what is refused must not stand in a log.
  story.errors.push(...(await attacksWithCanaries()));
  await until(() => events.length > 60);
}, 120_000);
afterAll(() => world[Symbol.asyncDispose]());

function watchHttp(): void {
  const keep = (value: unknown) => void requested.push(JSON.stringify(value));
  for (const name of ['http.client.request.start', 'http.server.request.start']) {
    subscribe(name, (message) => {
      const { request } = message as { request: { url?: string; path?: string; headers?: object } };
      keep([request.url ?? request.path, request.headers]);
    });
  }
  for (const name of ['client', 'server'].flatMap((end) => [
    `http2.${end}.stream.start`,
    `http2.${end}.stream.finish`,
  ])) {
    subscribe(name, (message) => keep((message as { headers: object }).headers));
  }
}

async function attacksWithCanaries(): Promise<string[]> {
  const { referring, receiving } = world.federation.nodes;
  using attacker = await attackerAt(receiving.config, await tlsOf(referring.config));
  const keys = ({ organisation, exchange }: typeof referring) => ({
    organisation,
    keyring: exchange.context.keyring,
  });
  const forger = await forgerOf(keys(referring), keys(receiving), world.clock.now());
  const word = story.canaries.words[0] ?? '';
  const parcels = [
    word,
    `${word}.${word}.${word}`,
    await sealed(forger, { jws: word, sections: [] }),
  ];
  const answers = await Promise.all(parcels.map((parcel) => attacker.deliver(parcel)));
  expect(answers.map(({ reason }) => reason)).toEqual(['MALFORMED', 'MALFORMED', 'MALFORMED']);
  return answers.map((answer) => JSON.stringify(answer));
}

/** Which marks stand in these texts, in any form. */
function marksIn(texts: readonly string[]): string[] {
  const all = Buffer.from(texts.join('\n')).toString('latin1').toLowerCase();
  return MARKS.flatMap(({ field, word }) =>
    formsOf(word).some((form) => all.includes(form.toLowerCase())) ? [field] : [],
  );
}

describe('a canary word in every field', () => {
  it('has travelled in every section that travels', () => {
    const atHome: readonly string[] = ['access', 'breach'];
    expect(SECTIONS.filter((name) => !story.told.has(name) && !atHome.includes(name))).toEqual([]);
    expect(story.canaries.words.length).toBeGreaterThan(90);
    expect(story.errors.length).toBeGreaterThan(15);
  });

  it('stands in no file of either node, its database, key files and NATS, nor of the registry', async () => {
    const { nodes } = world.federation;
    const { referralId } = await oneReferral();
    const places = Object.values(nodes).flatMap(({ config }) => [
      { path: config.folder, known: [] },
      { path: join(config.folder, NODE_FILES.database), known: [] },
      { path: join(config.folder, NODE_FILES.nats), known: [referralId] },
    ]);
    const { found, bytes } = await searchPlaces(
      [...places, { path: world.folder, known: [] }],
      MARKS,
    );
    expect(found).toEqual([]);
    expect(bytes).toBeGreaterThan(1_000_000);
    const nats = places.filter(({ known }) => known.length > 0);
    expect((await searchPlaces(nats, MARKS)).blind).toEqual([]);
  });

  it('stands in no row of either database, read as a database', () => {
    for (const { config } of Object.values(world.federation.nodes)) {
      using database = new DatabaseSync(join(config.folder, NODE_FILES.database), {
        readOnly: true,
      });
      const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
      const rows = tables.flatMap(({ name }) =>
        database.prepare(`SELECT * FROM "${String(name)}"`).all(),
      );
      expect(rows.length).toBeGreaterThan(100);
      expect(marksIn([JSON.stringify(rows)])).toEqual([]);
      // Signed messages are kept as base64url of a header and a payload: opened, too.
      const signed = rows
        .flatMap((row) => [row['jws'], row['receipt']])
        .filter((t) => typeof t === 'string');
      const payloads = signed.map((jws) =>
        Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('latin1'),
      );
      expect(payloads.length).toBeGreaterThan(40);
      expect(marksIn(payloads)).toEqual([]);
    }
  });

  it('is in no event, its subject or its headers', async () => {
    const delivered = [...(await streamOf('referring')), ...(await streamOf('receiving'))];
    expect(delivered.filter((text) => text.includes('srx.v1.referral.')).length).toBeGreaterThan(
      60,
    );
    expect(marksIn([...delivered, ...events])).toEqual([]);
  });

  it('is in no log line, no error that a client saw, no URL and no header', () => {
    expect(world.logged.length).toBeGreaterThan(10);
    expect(marksIn(world.logged)).toEqual([]);
    expect(marksIn(story.errors)).toEqual([]);
    expect(requested.some((text) => text.includes('openid-federation'))).toBe(true);
    expect(requested.some((text) => text.includes('ExchangeService/Deliver'))).toBe(true);
    expect(marksIn(requested)).toEqual([]);
  });
});

describe('a case file that is wrong', () => {
  it.each([
    [
      'in its fields',
      'case.yaml',
      'srxCaseFile: 1\nlocalCode: "+99988877 CANARY"\nZZ-KEY-CANARY: ZZ-A-CANARY\nsections:\n  minimum: { priority: ZZ-B-CANARY }\n  health: ZZ-C-CANARY\ngrants:\n  - recipient: ZZ-D-CANARY\n',
    ],
    ['as YAML', 'case.yaml', 'srxCaseFile: 1\n  bad: ZZ-SYNTAX-CANARY\n: : ZZ-2-CANARY [\n'],
    ['as JSON', 'case.json', '{"srxCaseFile": 1, "x": "ZZ-JSON-CANARY", }'],
  ])('%s is told by place, never by what stands there', async (_, name, text) => {
    const file = join(world.folder, name);
    await writeFile(file, text);
    for (const more of [[], ['--json']]) {
      const told = await srx('case', 'validate', file, ...more);
      expect(told.code).not.toBe(0);
      expect(told.text).toMatch(/fault|line|what/i);
      expect(marksIn([told.text])).toEqual([]);
    }
    await rm(file);
  });

  function srx(...args: string[]): Promise<{ code: unknown; text: string }> {
    const program = new URL('../../services/cli/srx.mjs', import.meta.url).pathname;
    return new Promise((resolve) => {
      execFile(process.execPath, [program, ...args], (error, out, err) =>
        resolve({ code: error?.code ?? 0, text: out + err }),
      );
    });
  }
});

describe('the search', () => {
  it('finds a word that was planted, in each place and in each form', async () => {
    const word = story.canaries.words[0] ?? '';
    const phone = story.canaries.words.find((w) => w.startsWith('+')) ?? '';
    const folder = join(world.folder, 'planted');
    await mkdir(folder);
    const forms = [
      word,
      word.toLowerCase(),
      encodeURIComponent(phone),
      Buffer.from(`x${word}`).toString('base64url'),
      Buffer.from(`xy${word}`).toString('base64'),
    ];
    for (const [i, form] of forms.entries()) {
      await writeFile(join(folder, 'file'), `before ${form} after`);
      const { found } = await searchPlaces([{ path: folder, known: [] }], MARKS);
      const isFound = found.length > 0 || marksIn([form]).length > 0;
      expect(isFound, `form ${i}`).toBe(true);
    }
    await rm(folder, { recursive: true });
    const { config } = world.federation.nodes.referring;
    using database = new DatabaseSync(join(config.folder, NODE_FILES.database));
    database.exec(`CREATE TABLE planted (word text); INSERT INTO planted VALUES ('${word}')`);
    const { found } = await searchPlaces([{ path: config.folder, known: [] }], MARKS);
    expect(found.map(({ file }) => file)).toEqual([expect.stringContaining(NODE_FILES.database)]);
    await withNats('referring', async (connection) => {
      await jetstream(connection).publish('srx.v1.referral.planted', word);
    });
    expect(marksIn(await streamOf('referring'))).toEqual(['a word']);
  });
});

async function withNats<T>(
  side: Side,
  work: (connection: NatsConnection) => Promise<T>,
): Promise<T> {
  const { address } = world.federation.nodes[side].events;
  if (!address) throw new Error('every node has its NATS');
  const { servers, user, password } = address;
  const connection = await connect({ servers, user, pass: password });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** Subject, headers and data of each message of the node's stream. */
function streamOf(side: Side): Promise<string[]> {
  return withNats(side, async (connection) => {
    const options = { deliver_policy: DeliverPolicy.All };
    const consumer = await jetstream(connection).consumers.get('SRX', options);
    const texts: string[] = [];
    for await (const message of await consumer.consume()) {
      const headers = JSON.stringify([...(message.headers ?? [])]);
      texts.push(`${message.subject} ${headers} ${message.string()}`);
      if (message.info.pending === 0) break;
    }
    return texts;
  });
}

async function oneReferral(): Promise<{ referralId: string }> {
  const client = world.federation.nodes.referring.client();
  const { referrals } = await client.listReferrals({ limit: 1, cursor: '', since: 0 });
  return { referralId: referrals[0]?.referralId ?? '' };
}
