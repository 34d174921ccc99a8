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
  lineOf,
  matterChange,
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
  const due = { kind: 'purge', dueAtMs: NOW_MS };
  const clock = { deadlines: [due], goneDeadlines: ['x'] };
  await store.commit(
    referralId,
    changeOf({ expectVersion: 1, row: after(row), ...change, ...clock }),
  );
  await store.dueDeadlines(NOW_MS, 64);
  await store.setDeadline(referralId, due);
  await store.postponeDeadline({ referralId, ...due }, NOW_MS + 1);
  await store.finishDeadline({ referralId, ...due });
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
  await store.redeliver(referralId, [1, 2], NOW_MS, true);
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
  await store.insertCase({ localCode, sealed: 'x', importedAtMs: NOW_MS, erasedAtMs: null });
  await store.replaceCase({ localCode, sealed: 'y', importedAtMs: NOW_MS, erasedAtMs: null });
  await store.findCase(localCode);
  await store.insertCase({
    localCode: 'TEST-2',
    sealed: 'x',
    importedAtMs: NOW_MS,
    erasedAtMs: null,
  });
  await store.eraseCase('TEST-2', NOW_MS);
  await store.casesBeingErased();
  await store.markCaseErased('TEST-2');
  await store.listCases(50, '');
  await store.referralsOfCase(localCode);
  await store.findCaseCode(localCode, 'https://homeward.example');
  await store.insertStaff({ ...staff, tokenDigest: 'x', createdAtMs: NOW_MS });
  await store.findStaffByToken('x');
  await store.listStaff(50, '');
  const line = lineOf(1, { referralId, section: 'health' });
  await store.appendAccess(line, 'head', { referralId, kind: 'report-access', dueAtMs: NOW_MS });
  await store.lastAccess();
  await store.accessAfter(0, 256);
  await store.accessOfReferral(referralId, 0, 256);
  await store.accessOfCase(localCode, 0, 256);
  await store.markAccessReported(referralId, 1);
  await store.reportedAccess(referralId);
  await store.removeStaff('test');
  await store.listReferrals(50, '', 0);
  await store.countPending([referralId, uuid4()]);
  await store.listTasks(50, '');
  await store.raiseTask(taskOf(referralId), [eventOf(referralId)]);
  await store.finishTasks(referralId, ['x']);
  await store.listSections(referralId);
  const recipient = 'https://homeward.example';
  const at = { number: 1, recordId: uuid4(), atMs: NOW_MS, sealed: 'x' };
  await store.insertConsentRecord({ localCode, recipient, ...at });
  await store.consentRecordsOfCase(localCode);
  await useMatters(store, referralId, localCode);
  await store.openEndedReferrals(NOW_MS, { ms: 0, id: '' }, 64);
  await store.removeReferral(uuid4());
}

async function useMatters(store: Store, referralId: string, localCode: string): Promise<void> {
  const matterId = uuid4();
  const change = matterChange({ tasks: [taskOf(referralId)] });
  const about = { referralId, localCode: null };
  const opened = { kind: 'demand', isOpen: true, openedAtMs: NOW_MS } as const;
  await store.openMatter({ ...about, ...opened, matterId }, change);
  await store.addToMatter(matterId, matterChange({ number: 2 }));
  await store.findMatter(matterId);
  await store.listMatters('demand', 50, '');
  await store.mattersOfReferral(referralId, 'demand');
  await store.mattersOfCase(localCode, 'demand');
  await store.openDemand(referralId);
  await store.openDemandOfCase(localCode);
}

type Waste = 'reads' | 'sorts';

/** May look at more than it gives, and why that is little. */
const FEW: readonly { what: Waste; why: string; text: RegExp }[] = [
  {
    what: 'reads',
    why: 'only what waits to be published has an entry',
    text: /from "outbox" where "published" = 0/,
  },
  { what: 'reads', why: 'one row', text: /from "watermark"/ },
  {
    what: 'reads',
    why: 'only what is being erased has an entry',
    text: /from "local_case" where "erased_at_ms" is not null/,
  },
  { what: 'reads', why: 'limits.staffMax', text: /from "staff" where \("created_at_ms"/ },
  { what: 'sorts', why: 'limits.staffMax', text: /from "staff" where \("created_at_ms"/ },
  {
    what: 'reads',
    why: 'once at a start',
    text: /^update "delivery" set .* where "leased_until_ms" > 0/,
  },
  {
    what: 'reads',
    why: 'the first entry in the order of time',
    text: /^select "next"."ready_at_ms" .* limit/,
  },
  { what: 'sorts', why: 'a fork has two of one id', text: /from "message" where "message_id" =/ },
  { what: 'sorts', why: 'referrals of one case', text: /from "referral" where "local_code" =/ },
];

/** What of a plan reads, or sorts, more than it gives. */
function wasteOf(engine: string, plan: readonly string[]): Waste[] {
  const reads =
    engine === 'sqlite'
      ? plan.some((line) => /^SCAN (?!due|\d+-ROW)/.test(line))
      : plan.some(
          (line, i) =>
            line.includes('Seq Scan') ||
            (/Index (Only )?Scan/.test(line) && !plan[i + 1]?.startsWith('Index Cond')),
        );
  const sorts = plan.some((line) => /^USE TEMP B-TREE|^Sort$/.test(line));
  return [...(reads ? ['reads' as const] : []), ...(sorts ? ['sorts' as const] : [])];
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
  it('find what they need by an index, in its order, and leave no index unused', async () => {
    const statements = await statementsOf(() => useAllOf(place.store));
    expect(statements.length).toBeGreaterThan(45);
    const wasteful: string[] = [];
    const excused = new Set<unknown>();
    const plans: string[] = [];
    for (const statement of statements) {
      const plan = await planOf(place, statement);
      plans.push(...plan);
      for (const what of wasteOf(place.engine.name, plan)) {
        const excuse = FEW.find((few) => few.what === what && few.text.test(statement.text));
        if (excuse) excused.add(excuse);
        else wasteful.push(`${what}: ${statement.text}: ${plan.join('; ')}`);
      }
    }
    expect(wasteful).toEqual([]);
    expect(FEW.filter((few) => !excused.has(few))).toEqual([]);
    const used = plans.join('\n');
    const unused = (await indexesOf(place)).filter((name) => !used.includes(name));
    expect(unused).toEqual([]);
  });
});

/** Those that a migration made; keys and unique columns have others besides. */
async function indexesOf({ engine, database }: Place): Promise<string[]> {
  const rows = await database.query(
    engine.name === 'sqlite'
      ? "select name from sqlite_schema where type = 'index' and sql is not null"
      : `select c.relname as name from pg_class c join pg_index i on i.indexrelid = c.oid
         join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = 'public' and not exists
         (select 1 from pg_constraint where conindid = c.oid)`,
  );
  expect(rows.length).toBeGreaterThan(8);
  return rows.map(({ name }) => String(name));
}
