// What must hold when both nodes have settled, read from their databases and
// from the evidence that they export: nothing lost, nothing twice, equal folds.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { verifyEvidence } from '#exchange/verify-evidence.ts';
import type { Side } from '#model/track.ts';
import { NODE_FILES } from '#services/node/config.ts';
import { codec } from '#wire/codec.ts';
import type { CaseworkClient } from '#wire/contracts/casework.ts';
import { type ChildWorld, SIDES } from './child-world.ts';
import type { Acknowledged, Handovers } from './handovers.ts';

type Row = Record<string, string | number | null>;

/** Opens a node's database beside the node, to read. */
function readDatabase(world: ChildWorld, side: Side) {
  const file = join(world.nodes[side].config.folder, NODE_FILES.database);
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
  return {
    rows: (sql: string, ...values: (string | number)[]) =>
      database.prepare(sql).all(...values) as Row[],
    count: (sql: string) => Number(Object.values(database.prepare(sql).get() ?? {})[0] ?? 0),
    [Symbol.dispose]: () => database.close(),
  };
}

const UNSETTLED = {
  'deliveries without a receipt': 'SELECT count(*) FROM delivery',
  'messages without a receipt': 'SELECT count(*) FROM message WHERE receipt IS NULL',
  'events not published': 'SELECT count(*) FROM outbox WHERE published = 0',
} as const;

/** A restored copy may have lost the mark of one that its consumer had before. */
const UNHANDLED = {
  'events that no consumer has': `SELECT count(*) FROM outbox WHERE event_id NOT IN
    (SELECT event_id FROM handled_event WHERE consumer = 'tracker')`,
} as const;

export type AuditOptions = { isRestored?: boolean };

/** What is still under way at either node; empty once all is done. */
export function unsettled(world: ChildWorld, { isRestored = false }: AuditOptions = {}): string[] {
  const questions = isRestored ? UNSETTLED : { ...UNSETTLED, ...UNHANDLED };
  return SIDES.flatMap((side) => {
    using database = readDatabase(world, side);
    return Object.entries(questions).flatMap(([what, sql]) => {
      const count = database.count(sql);
      return count > 0 ? [`${side}: ${count} ${what}`] : [];
    });
  });
}

/** Moves the clock past leases and backoffs until nothing is under way. */
export async function settle(
  world: ChildWorld,
  withinMs: number,
  options: AuditOptions = {},
): Promise<string[]> {
  for (const endMs = Date.now() + withinMs; ; ) {
    const left = unsettled(world, options);
    if (left.length === 0 || Date.now() > endMs) return left;
    await world.pass(61);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Both nodes run and have settled. @returns what does not hold */
export async function audit(
  world: ChildWorld,
  done: Handovers,
  options: AuditOptions = {},
): Promise<string[]> {
  return [
    ...unsettled(world, options),
    ...lostOrDoubled(world, done.acts),
    ...unequalChains(world),
    ...eventFaults(world),
    ...(await lostCases(world, done.cases)),
    ...(await badEvidence(world)),
    ...(await unreadable(world)),
    ...logFaults(world),
  ];
}

/** Each acknowledged act stands once at its author's and once at the reader's. */
function lostOrDoubled(world: ChildWorld, acts: readonly Acknowledged[]): string[] {
  const sql = 'SELECT author, seq, referral_id FROM message WHERE message_id = ?';
  using referring = readDatabase(world, 'referring');
  using receiving = readDatabase(world, 'receiving');
  return acts.flatMap(({ side, messageId, seq, referralId, step }) =>
    SIDES.flatMap((at) => {
      const found = (at === 'referring' ? referring : receiving).rows(sql, messageId);
      const [row] = found;
      const author = at === side ? 'own' : 'peer';
      const isThere = row?.['author'] === author && row['seq'] === seq;
      if (found.length === 1 && isThere && row['referral_id'] === referralId) return [];
      return [`${side} ${step} ${messageId} stands ${found.length} times at the ${at} node`];
    }),
  );
}

/** Both nodes hold the same messages, and the same receipts for them, byte for byte. */
function unequalChains(world: ChildWorld): string[] {
  const held = (side: Side): Map<string, Row> => {
    using database = readDatabase(world, side);
    const rows = database.rows('SELECT digest, author, placement, receipt FROM message');
    return new Map(rows.map((row) => [String(row['digest']), row]));
  };
  const [ours, theirs] = [held('referring'), held('receiving')];
  const digests = new Set([...ours.keys(), ...theirs.keys()]);
  return [...digests].flatMap((digest) => {
    const [a, b] = [ours.get(digest), theirs.get(digest)];
    if (!a || !b) return [`message ${digest} is at one node only`];
    if (a['placement'] !== 'placed' || b['placement'] !== 'placed') {
      return [`message ${digest} is ${a['placement']} and ${b['placement']}`];
    }
    return a['receipt'] === b['receipt'] ? [] : [`the receipts of message ${digest} differ`];
  });
}

/** Of each message one event that it was sent or taken, and one of its receipt. */
function eventFaults(world: ChildWorld): string[] {
  return SIDES.flatMap((side) => {
    using database = readDatabase(world, side);
    const told = new Map<string, number>();
    for (const { event } of database.rows('SELECT event FROM outbox')) {
      const { what, messageId } = JSON.parse(String(event)) as { what: string; messageId: string };
      told.set(`${what} ${messageId}`, (told.get(`${what} ${messageId}`) ?? 0) + 1);
    }
    return database.rows('SELECT author, message_id FROM message').flatMap((row) => {
      const expected = row['author'] === 'own' ? ['step-sent', 'receipt-verified'] : ['step-taken'];
      return expected.flatMap((what) => {
        const times = told.get(`${what} ${row['message_id']}`) ?? 0;
        return times === 1 ? [] : [`${side}: ${times} events ${what} ${row['message_id']}`];
      });
    });
  });
}

/** Keys are synced before the rows that need them: an acknowledged case opens. */
async function lostCases(world: ChildWorld, cases: readonly string[]): Promise<string[]> {
  const faults: string[] = [];
  for (const localCode of cases) {
    const found = await world
      .client('referring')
      .getCase({ localCode, withContent: true })
      .catch(() => null);
    if (!found || found.caseFile.length === 0) faults.push(`case ${localCode} does not open`);
  }
  return faults;
}

async function everyReferral(client: CaseworkClient): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor = ''; ; ) {
    const page = await client.listReferrals({ limit: 0, cursor, since: 0 });
    ids.push(...page.referrals.map((referral) => referral.referralId));
    cursor = page.nextCursor;
    if (cursor === '') return ids;
  }
}

/** Signatures, chains and receipts verify, and both nodes fold to one state. */
async function badEvidence(world: ChildWorld): Promise<string[]> {
  const faults: string[] = [];
  for (const referralId of await everyReferral(world.client('referring'))) {
    const digests = new Set<string>();
    for (const side of SIDES) {
      const { evidence } = await world.client(side).exportReferral({ referralId });
      const report = await verifyEvidence(codec, JSON.parse(new TextDecoder().decode(evidence)));
      const failed = report.checks.find((check) => !check.ok);
      if (failed) faults.push(`${side} ${referralId}: ${failed.check}: ${failed.detail}`);
      digests.add(String(report.stateDigest));
      const uncounted = report.messages.filter((m) => m.verdict !== 'counts');
      // A step that crossed a withdrawal may be void or illegal; nothing else may.
      if (uncounted.length > 0 && report.status !== 'withdrawn') {
        faults.push(`${side} ${referralId}: ${uncounted.length} messages do not count`);
      }
    }
    if (digests.size !== 1) faults.push(`${referralId} folds to ${digests.size} states`);
  }
  return faults;
}

/** What arrived sealed can be opened, unless the person ended it. */
async function unreadable(world: ChildWorld): Promise<string[]> {
  const client = world.client('receiving');
  const faults: string[] = [];
  for (const referralId of await everyReferral(client)) {
    const { referral } = await client.getReferral({ referralId });
    if (referral.status === 'withdrawn') continue;
    const opened = await client.openSection({ referralId, section: 'minimum' }).catch(() => null);
    if (!opened || opened.content.length === 0) faults.push(`${referralId}: minimum does not open`);
  }
  return faults;
}

/** Errors of the program itself; those of a killed nats-server are expected. */
function logFaults(world: ChildWorld): string[] {
  return SIDES.flatMap((side) =>
    world.nodes[side].logged
      .filter((line) => line !== '' && !/^\{"time":"[^"]+","level":"(info|warn)"/.test(line))
      .filter((line) => !line.includes('"event":"nats-server-died"'))
      .map((line) => `${side} logged: ${line}`),
  );
}

/** Processes of this world's nats-servers that still run: pids. */
export async function natsServersOf(folder: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const ours: number[] = [];
  for (const pid of pids) {
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const config = words.split('\0').find((word) => word.endsWith('nats-server.conf'));
    if (config?.startsWith(`${folder}/`)) ours.push(pid);
  }
  return ours;
}
