import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addRecord, recordsOfCase } from '#casework/consent-records.ts';
import type { ConsentRecordRow } from '#casework/ports.ts';
import { encryptAtRest } from '#crypto/at-rest.ts';
import { uuid4 } from '#crypto/digest.ts';
import { signJws } from '#crypto/jws.ts';
import { createSigningKey } from '#crypto/keys.ts';
import type { ConsentRecord } from '#model/consent-record.ts';
import { IDS } from '#test/exchange/pair.ts';
import { by, exampleCase, type Offices, openOffices, type Person } from './office.ts';

let offices: Offices;
let worker: Person;
let localCode: string;

beforeEach(async () => {
  offices = await openOffices();
  worker = await offices.referring.hire('worker');
  const { file, localCode: code } = await exampleCase('adult.yaml');
  localCode = code;
  await offices.referring.api.importCase({ caseFile: file }, by(worker));
  for (const event of ['requested', 'refused'] as const) {
    await addRecord(contextOf(), worker.actor, about(), () => ({ event, answers: [] }));
  }
});
afterEach(() => offices[Symbol.asyncDispose]());

const about = () => ({ localCode, recipient: IDS.receiving });

function contextOf() {
  const { exchange, store } = offices.pair.referring;
  return { ...exchange.context, exchange, store };
}

/** Rows as somebody with the database and its keys could leave them. */
function leave(change: (rows: ConsentRecordRow[]) => ConsentRecordRow[]): void {
  const { store } = offices.pair.referring;
  const { consentRecordsOfCase } = store;
  store.consentRecordsOfCase = async (code) => change(await consentRecordsOfCase(code));
}

async function faults(): Promise<(string | number)[][]> {
  const found = await offices.referring.api.verifyConsent({ localCode }, by(worker));
  return found.faults.map(({ fault, number, section }) => [fault, section || number]);
}

/** The second record, said otherwise and signed by this key. */
async function forged(change: Partial<ConsentRecord>, key = signingKey()) {
  const stored = (await recordsOfCase(contextOf(), localCode)).get(IDS.receiving)?.[1];
  if (!stored) throw new Error('there are three records');
  const record = { ...stored.record, ...change };
  const payload = new TextEncoder().encode(JSON.stringify(record));
  const jws = await signJws(await key, 'srx-consent-record.v1+jws', payload);
  const dataKey = contextOf().keyFile.get(`case:${localCode}`);
  if (!dataKey) throw new Error('the case has a key');
  const context = `srx-consent-record-at-rest.v1:${localCode}:${IDS.receiving}:2`;
  const sealed = encryptAtRest(dataKey, context, new TextEncoder().encode(jws));
  leave((rows) => rows.map((row) => (row.number === 2 ? { ...row, sealed } : row)));
}

const signingKey = async () => offices.pair.referring.keyring.signing('message');

describe('the proof of consent', () => {
  it('finds nothing in records that nobody touched', async () => {
    expect(await faults()).toEqual([]);
  });

  it('finds a record that was changed, moved or taken out', async () => {
    leave((rows) => rows.map((row) => ({ ...row, sealed: rows[0]?.sealed ?? '' })));
    expect(await faults()).toEqual([
      ['unreadable', 2],
      ['unreadable', 3],
    ]);
    leave((rows) => [...rows.slice(0, 1), ...rows.slice(2)]);
    expect((await faults()).at(-1)).toEqual(['unreadable', 3]);
  });

  it('finds that one is missing between two', async () => {
    leave((rows) => rows.filter(({ number }) => number !== 2));
    expect(await faults()).toEqual([['order', 3]]);
  });

  it('finds one that another key signed, and what follows it does not fit', async () => {
    await forged({}, createSigningKey());
    expect(await faults()).toEqual([
      ['signature', 2],
      ['order', 3],
    ]);
  });

  it('finds one of another place, and one that begins a chain in the middle', async () => {
    await forged({ recipient: 'https://other.example', previous: '' });
    expect(await faults()).toEqual([
      ['order', 2],
      ['place', 2],
      ['order', 3],
    ]);
  });

  it('finds words that are not those of their digest', async () => {
    const text = { version: 'v', locale: 'en', shown: 'Other words.', digest: 'a'.repeat(64) };
    await forged({ text });
    expect(await faults()).toContainEqual(['text', 2]);
  });

  it('finds what was sent without a yes at that time', async () => {
    const asked = { requestId: uuid4(), localCode, recipient: IDS.receiving };
    await offices.referring.api.requestReferral({ ...asked, continuesReferralId: '' }, by(worker));
    expect(await faults()).toEqual([]);
    leave((rows) => rows.slice(0, 0));
    expect(await faults()).toEqual([['not-covered', 'minimum']]);
  });

  it.each([
    [1, true],
    [4_000_000_000, false],
  ])('finds what was sent after the yes had ended: one that ends at %i', async (until, isFound) => {
    const asked = { requestId: uuid4(), localCode, recipient: IDS.receiving };
    await offices.referring.api.requestReferral({ ...asked, continuesReferralId: '' }, by(worker));
    const question = { section: 'minimum', stage: 'contact', purpose: 'find-support' } as const;
    const said = { direction: 'to-recipient', answer: 'yes', until, atMs: 0 } as const;
    await forged({ answers: [{ ...question, ...said }] });
    leave((rows) => rows.filter(({ number }) => number === 2));
    const found = await faults();
    expect(found.some(([fault]) => fault === 'not-covered')).toBe(isFound);
  });
});
