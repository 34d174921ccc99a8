import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openAtRest } from '#exchange/sections.ts';
import type { Draft } from '#exchange/send.ts';
import type { Tombstone } from '#model/erasure-record.ts';
import { draftOf, type Pair, type Party, requestDraft, startPair } from './pair.ts';

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});

afterEach(() => pair[Symbol.asyncDispose]());

const note = { section: 'note', content: new TextEncoder().encode('{"test":"note"}') } as const;

/** A request, a question, and an answer with a note, at both ends. */
async function answered(): Promise<string> {
  const draft = requestDraft(pair.clock);
  const { referralId } = draft;
  await pair.referring.exchange.send(draft);
  await pair.settle();
  const confirmed = { step: 'receiptConfirmed', receiptConfirmed: {} } as const;
  await pair.receiving.exchange.send(draftOf(referralId, confirmed, ['workers']));
  await pair.referring.exchange.send(await asked(referralId));
  await pair.settle();
  return referralId;
}

async function openAll({ exchange, store }: Party, referralId: string) {
  const rows = await store.listSections(referralId);
  const opened = rows.map((row) => {
    try {
      return openAtRest(exchange.context, row)?.section ?? 'erased';
    } catch {
      return `closed ${row.section}`;
    }
  });
  return opened.toSorted();
}

async function bury(party: Party, referralId: string, section: 'note' | 'minimum'): Promise<void> {
  const { row } = await party.store.load(referralId);
  if (!row) throw new Error('the referral is not there');
  const sinceMs = pair.clock.now();
  const stone: Tombstone = { section, generation: 1, cause: 'ended', sinceMs, erasedAtMs: null };
  const tombstones = [...row.erasure.tombstones, stone];
  await party.store.commit(referralId, {
    expectVersion: row.version,
    row: { ...row, version: row.version + 1, erasure: { tombstones, kept: [] } },
    insert: [],
    place: [],
    sections: [],
    deliveries: [],
    events: [],
    tasks: [],
    doneTasks: [],
    deadlines: [],
    goneDeadlines: [],
  });
}

describe('each section of a referral', () => {
  it('has a key of its own: to destroy it closes this section and no other', async () => {
    const referralId = await answered();
    for (const side of ['referring', 'receiving'] as const) {
      const party = pair[side];
      expect(await openAll(party, referralId)).toEqual(['minimum', 'note', 'note', 'workers']);
      await party.exchange.context.keyFile.destroy([`${referralId}/minimum`]);
      expect(await openAll(party, referralId)).toEqual([
        'closed minimum',
        'note',
        'note',
        'workers',
      ]);
    }
  });

  it('has one key for all of its versions, of both sides', async () => {
    const referralId = await answered();
    const { exchange } = pair.receiving;
    await pair.referring.exchange.send(await asked(referralId));
    await pair.settle();
    await exchange.context.keyFile.destroy([`${referralId}/note`]);
    const opened = await openAll(pair.receiving, referralId);
    const closed = Array.from({ length: 4 }, () => 'closed note');
    expect(opened).toEqual([...closed, 'minimum', 'workers']);
  });
});

/** The receiving side asks a question; what comes back is the draft of an answer with a note. */
async function asked(referralId: string): Promise<Draft> {
  const body = { step: 'clarificationAsked', clarificationAsked: { about: 'minimum' } } as const;
  const { seq } = await pair.receiving.exchange.send({
    ...draftOf(referralId, body),
    sections: [note],
  });
  await pair.settle();
  const answer = { step: 'clarificationGiven', clarificationGiven: { answersSeq: seq } } as const;
  return { ...draftOf(referralId, answer), sections: [note] };
}

describe('an erased section', () => {
  it('comes back with a later message only, under a new key', async () => {
    const referralId = await answered();
    const { receiving, referring, clock } = pair;
    const [before, after] = [await asked(referralId), await asked(referralId)];
    const held = Promise.withResolvers<void>();
    pair.onDeliver = async (_, parcel) => {
      await held.promise;
      return parcel;
    };
    const { seq } = await referring.exchange.send(before);
    clock.pass(60);
    await receiving.exchange.context.keyFile.destroy([`${referralId}/note`]);
    await bury(receiving, referralId, 'note');
    held.resolve();
    await pair.settle();
    expect(await receiving.store.loadSections(referralId, 'peer', seq)).toEqual([]);
    expect(receiving.exchange.context.keyFile.get(`${referralId}/note`)).toBeUndefined();
    clock.pass(60);
    await referring.exchange.send(after);
    await pair.settle();
    const [back] = await receiving.store.loadSections(referralId, 'peer', seq + 1);
    expect(back).toMatchObject({ section: 'note', generation: 2 });
    expect(receiving.exchange.context.keyFile.get(`${referralId}/note/2`)).toBeDefined();
    expect(receiving.exchange.context.keyFile.get(`${referralId}/note`)).toBeUndefined();
    expect(await openAll(receiving, referralId)).toContain('note');
  });
});
