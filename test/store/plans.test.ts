import { DatabaseSync } from 'node:sqlite';

import pg from 'pg';
import { afterEach, expect, it, vi } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import type { Store } from '#store/open.ts';
import { onEachEngine, type Place } from './on-engines.ts';
import {
  after,
  changeOf,
  deliveryOf,
  eventOf,
  messageOf,
  NOW_MS,
  newReferral,
  rowOf,
  sectionOf,
  taskOf,
} from './samples.ts';

type Statement = { text: string; values: readonly unknown[] };

/** Every statement that the store runs while it does this. */
async function statementsOf(work: () => Promise<void>): Promise<Statement[]> {
  const seen = new Map<string, Statement>();
  const prepare = DatabaseSync.prototype.prepare;
  vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (
    this: DatabaseSync,
    text,
  ) {
    seen.set(text, { text, values: [] });
    return prepare.call(this, text);
  });
  const query: (...given: unknown[]) => unknown = pg.Client.prototype.query;
  vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
    this: pg.Client,
    ...given: unknown[]
  ) {
    const [config] = given;
    if (typeof config === 'object' && config !== null && 'values' in config) {
      const statement = config as Statement;
      seen.set(statement.text, statement);
    }
    return query.apply(this, given);
  });
  await work();
  vi.restoreAllMocks();
  return [...seen.values()].filter(({ text }) => /^(select|insert|update|delete|with)/i.test(text));
}

/** Calls each method of the store, most with something to find. */
async function useAllOf(store: Store): Promise<void> {
  const row = rowOf();
  const { referralId } = row;
  const [first, second] = [messageOf(referralId), messageOf(referralId, { seq: 2 })];
  const parked = messageOf(referralId, { author: 'peer', placement: 'parked' });
  const events = [eventOf(referralId), eventOf(referralId)];
  await store.commit(referralId, changeOf({ insert: [parked] }));
  const { author, seq, digest } = parked;
  const sections = [sectionOf(referralId)];
  const tasks = [taskOf(referralId)];
  await newReferral(store, row, {
    insert: [first],
    place: [{ author, seq, digest, receipt: 'receipt' }],
    sections,
    deliveries: [deliveryOf(1)],
    events,
    tasks,
  });
  const change = { insert: [second], sections, deliveries: [deliveryOf(2)], doneTasks: ['x'] };
  await store.commit(referralId, changeOf({ expectVersion: 1, row: after(row), ...change }));
  await store.load(referralId);
  await store.findMessage(digest);
  await store.findMessageById(first.messageId);
  await store.loadSections(referralId, 'own', 1);
  await store.freeDeliveries();
  await store.claimDeliveries(NOW_MS, 32, 1000);
  await store.nextDeliveryMs();
  await store.postponeDelivery(referralId, 1, NOW_MS);
  await store.reportUndelivered(referralId, 1, tasks, events);
  await store.storeReceipt(referralId, 1, 'receipt', NOW_MS, events);
  await store.redeliver(referralId, [1, 2], NOW_MS);
  await store.markCompared(referralId, 'boot');
  await store.listHeads(row.partner, '', 1024);
  await store.findHeads([referralId]);
  await useCasework(store, referralId);
  const ids = events.map((event) => event.eventId);
  await store.unpublishedEvents(256);
  await store.markPublished([1, 2], { streamCreated: 'then', streamSeq: 1, position: 2 });
  await store.eventsAfter(0, 256);
  await store.findPosition(ids[0] ?? '');
  await store.readWatermark();
  await store.markHandled('tracker', ids);
  await store.countUnpublished();
}

async function useCasework(store: Store, referralId: string): Promise<void> {
  const localCode = 'TEST-1';
  const staff = { staffId: 'test', role: 'caseworker' } as const;
  await store.insertCase({ localCode, sealed: 'x', importedAtMs: NOW_MS });
  await store.replaceCase({ localCode, sealed: 'y', importedAtMs: NOW_MS });
  await store.findCase(localCode);
  await store.listCases(50, '');
  await store.referralsOfCase(localCode);
  await store.findCaseCode(localCode, 'https://homeward.example');
  await store.insertStaff({ ...staff, tokenDigest: 'x', createdAtMs: NOW_MS });
  await store.findStaffByToken('x');
  await store.listStaff(50, '');
  await store.insertAccess({ ...staff, referralId, section: 'health', openedAtMs: NOW_MS });
  await store.removeStaff('test');
  await store.listReferrals(50, '', 0);
  await store.countPending([referralId, uuid4()]);
  await store.listTasks(50, '');
  await store.listSections(referralId);
}

/** May look at more than it gives, and why that is little. */
const FEW: Readonly<Record<string, RegExp>> = {
  'only what waits to be published has an entry': /from "outbox" where "published" = 0/,
  'one row': /from "watermark"/,
  'so many staff as limits.staffMax': /from "staff" where \("created_at_ms"/,
  'once at a start': /^update "delivery" set .* where "leased_until_ms" > 0/,
  'the first entry in the order of time': /^select "next"."ready_at_ms" .* limit/,
  'messages with one id: a fork at most': /from "message" where "message_id" =/,
  'referrals of one case': /from "referral" where "local_code" =/,
};

/** What of a plan reads, or sorts, more than it gives. */
async function wasteOf(place: Place, statement: Statement): Promise<string[]> {
  const lines = await planOf(place, statement);
  if (place.engine.name === 'sqlite') {
    return lines.filter((line) => /^SCAN (?!due|\d+-ROW)|^USE TEMP B-TREE/.test(line));
  }
  return lines.filter((line, i) => {
    const isWhole = /Index (Only )?Scan/.test(line) && !lines[i + 1]?.startsWith('Index Cond');
    return isWhole || /Seq Scan|Sort$/.test(line);
  });
}

async function planOf({ engine, database }: Place, statement: Statement): Promise<string[]> {
  const { text, values } = statement;
  if (engine.name === 'sqlite') {
    const lines = await database.query(`explain query plan ${text}`);
    return lines.map(({ detail }) => String(detail));
  }
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  // Else it reads all of a table that has a few rows, as is right then.
  for (const way of ['seqscan', 'bitmapscan', 'sort', 'hashjoin', 'mergejoin', 'hashagg']) {
    await client.query(`set enable_${way} = off`);
  }
  const { rows } = await client.query(`explain (costs off) ${text}`, [...values]);
  await client.end();
  return rows.map((row) => String(row['QUERY PLAN']).replace('->', '').trim());
}

afterEach(() => vi.restoreAllMocks());

onEachEngine('the statements of the store', (place) => {
  it('find what they need by an index, and in its order', async () => {
    const statements = await statementsOf(() => useAllOf(place.store));
    expect(statements.length).toBeGreaterThan(45);
    const wasteful: string[] = [];
    const reasons = new Set<string>();
    for (const statement of statements) {
      const waste = await wasteOf(place, statement);
      const reason = Object.keys(FEW).find((why) => FEW[why]?.test(statement.text));
      if (waste.length > 0 && reason !== undefined) reasons.add(reason);
      else if (waste.length > 0) wasteful.push(`${statement.text}: ${waste.join('; ')}`);
    }
    expect(wasteful).toEqual([]);
    expect([...reasons].toSorted()).toEqual(Object.keys(FEW).toSorted());
  });
});
