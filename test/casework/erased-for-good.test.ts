import { readdir, readFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { KeyFile } from '#crypto/key-file.ts';
import { loadWrappingKey } from '#crypto/wrapping-key.ts';
import { exportEvidence } from '#exchange/evidence.ts';
import { openAtRest } from '#exchange/sections.ts';
import { verifyEvidence } from '#exchange/verify-evidence.ts';
import { Refusal } from '#model/refusal.ts';
import type { Side } from '#model/track.ts';
import { bodyOf, DAY, START_SECONDS, STORY } from '#test/model/story.ts';
import { codec } from '#wire/codec.ts';
import { type Offices, officeOf, openOffices } from './office.ts';
import { sealedSections, storyOn, type Told, toDay } from './telling-story.ts';

const wordOf = (section: string): string => `ZZ-${section.toUpperCase()}-CANARY`;
const SIDES = ['referring', 'receiving'] as const;

let offices: Offices;
let told: Told;
beforeEach(async () => {
  offices = await openOffices();
  told = storyOn(offices.pair, wordOf);
  const last = STORY.findIndex(([, step]) => step === 'packageReceived');
  await told.tell(...STORY.slice(0, last + 1));
  const body = bodyOf('consentWithdrawn', {
    whole: true,
    sections: [],
    stopReports: false,
    deleteSent: false,
    endServices: false,
    meetingWish: 'not-asked',
  });
  await told.tell(['referring', 'consentWithdrawn', { sentAt: START_SECONDS + 4 * DAY, body }]);
});
afterEach(() => offices[Symbol.asyncDispose]());

async function eraseAtBoth(): Promise<void> {
  toDay(offices.pair, 11);
  for (const side of SIDES) await offices[side].runDue();
  await offices.pair.settle();
}

/** All that lies in the folder of the pair: databases, their logs, key files. */
async function bytesOnDisk(): Promise<Buffer> {
  const folder = offices.pair.folder.path('.');
  const files = await readdir(folder);
  expect(files.join(' ')).toMatch(/\.db-wal/);
  return Buffer.concat(await Promise.all(files.map((file) => readFile(`${folder}/${file}`))));
}

const idOf = (section: string): string => `${told.referralId}/${section}`;

/** A key in each form in which it could lie about. */
function formsOf(side: Side, section: string): Buffer[] {
  const key = offices.pair[side].exchange.context.keyFile.get(idOf(section));
  if (!key) throw new Error('the key is not there');
  const raw = key.secret.export();
  const texts = (['hex', 'base64', 'base64url'] as const).map((form) => raw.toString(form));
  return [raw, ...texts.map((text) => Buffer.from(text))];
}

/** As the key file holds it: wrapped by the generation of the file. */
async function wrappedIn(side: Side, section: string): Promise<string | undefined> {
  const text = await readFile(offices.pair.folder.path(`${side}-sections`), 'utf8');
  const lines = text.trim().split('\n').slice(1);
  const keys = lines.flatMap((line) => (JSON.parse(line) as { keys: [string, string][] }).keys);
  return keys.find(([id]) => id === idOf(section))?.[1];
}

describe('after an erasure', () => {
  it('the evidence of either side is verified as before', async () => {
    await eraseAtBoth();
    for (const side of SIDES) {
      const { context } = offices.pair[side].exchange;
      const report = await verifyEvidence(codec, await exportEvidence(context, told.referralId));
      expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
      expect(report.status).toBe('withdrawn');
    }
  });

  it('no byte of a word or of a key is on any disk, nor the key as it was wrapped', async () => {
    const keys = SIDES.flatMap((side) => formsOf(side, 'identity'));
    const wrapped = await Promise.all(SIDES.map((side) => wrappedIn(side, 'identity')));
    const texts = wrapped.map((text) => Buffer.from(text ?? ''));
    expect(texts.map(({ length }) => length > 40)).toEqual([true, true]);
    const before = await bytesOnDisk();
    expect(texts.every((text) => before.includes(text))).toBe(true);
    await eraseAtBoth();
    const after = await bytesOnDisk();
    for (const bytes of [...keys, ...texts, Buffer.from(wordOf('identity'))]) {
      expect(after.includes(bytes)).toBe(false);
    }
    // What goes on is still there: the search does find what lies there.
    const kept = await wrappedIn('receiving', 'workers');
    expect(after.includes(Buffer.from(kept ?? 'nothing'))).toBe(true);
  });

  it('a database from before is put back and cannot be read; what is in it goes again', async () => {
    const { pair } = offices;
    const copy = pair.folder.path('backup.db');
    using database = new DatabaseSync(pair.folder.path('receiving.db'));
    database.exec(`vacuum into '${copy}'`);
    await eraseAtBoth();
    await pair.receiving.restart({ url: `sqlite:${copy}` });
    const rows = await pair.receiving.store.listSections(told.referralId);
    const there = rows.filter(({ section, sealed }) => section === 'identity' && sealed !== null);
    expect(there).toHaveLength(1);
    for (const row of there) {
      expect(() => openAtRest(pair.receiving.exchange.context, row)).toThrow(Refusal);
    }
    const office = officeOf(pair, 'receiving');
    await office.runDue();
    await pair.settle();
    expect(await sealedSections(pair, 'receiving', told.referralId)).not.toContain('identity');
    const { thread } = await pair.receiving.open(told.referralId);
    const answers = thread.receiving.filter((e) => e.content?.body.step === 'erasureConfirmed');
    expect(answers).toHaveLength(1);
  });
});

class Cut extends Error {}

/** Fails at one write of the erasing, and at all that follow: as a process that is gone. */
function cutAt(side: Side, count: number): Disposable & { wasCut(): boolean } {
  const { store, exchange } = offices.pair[side];
  const { keyFile } = exchange.context;
  let writes = 0;
  const gone = () => {
    writes += 1;
    if (writes >= count) throw new Cut('the process is gone');
  };
  for (const name of ['commit', 'finishTasks', 'setDeadline', 'finishDeadline'] as const) {
    const real = store[name].bind(store) as (...given: unknown[]) => Promise<unknown>;
    Object.assign(store, {
      [name]: async (...given: unknown[]) => {
        gone();
        return real(...given);
      },
    });
  }
  const destroy = keyFile.destroy.bind(keyFile);
  keyFile.destroy = async (ids) => {
    gone();
    await destroy(ids);
  };
  return {
    wasCut: () => writes >= count,
    [Symbol.dispose]() {
      keyFile.destroy = destroy;
    },
  };
}

describe('an erasure that is cut off', () => {
  it('before any of its writes is finished at the next start, and told once', async () => {
    const { pair } = offices;
    toDay(pair, 11);
    let cuts = 0;
    for (let count = 1; ; count += 1) {
      using cut = cutAt('receiving', count);
      await officeOf(pair, 'receiving').runDue();
      await pair.settle();
      await pair.receiving.crash();
      pair.clock.ms += 60_000;
      if (!cut.wasCut()) break;
      cuts += 1;
    }
    // Tombstones, keys, that they are gone, the answer, and what the clock writes.
    expect(cuts).toBeGreaterThan(3);
    const office = officeOf(pair, 'receiving');
    await office.runDue();
    await pair.settle();
    const { stored, thread } = await pair.receiving.open(told.referralId);
    const { tombstones = [] } = stored.row?.erasure ?? {};
    expect(tombstones.every(({ erasedAtMs }) => erasedAtMs !== null)).toBe(true);
    expect(new Set(tombstones.map(({ section }) => section)).size).toBe(tombstones.length);
    const answers = thread.receiving.filter((e) => e.content?.body.step === 'erasureConfirmed');
    expect(answers).toHaveLength(1);
    const { items } = await pair.receiving.store.listTasks(50, '');
    expect(items.map(({ kind }) => kind)).not.toContain('erasure-open');
    const nodeKey = await loadWrappingKey(pair.folder.path('receiving-node-key'));
    const reopened = await KeyFile.open([pair.folder.path('receiving-sections')], nodeKey);
    expect(reopened.get(idOf('identity'))).toBeUndefined();
    expect(reopened.get(idOf('workers'))).toBeDefined();
    await reopened.close();
  });
});
