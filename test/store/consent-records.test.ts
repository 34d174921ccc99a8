import { expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import { onEachEngine } from './on-engines.ts';
import { NOW_MS } from './samples.ts';

const recipient = 'https://homeward.example';
const other = 'https://other.example';
const rowOf = (given: object = {}) => ({
  localCode: 'TEST-1',
  recipient,
  number: 1,
  recordId: uuid4(),
  atMs: NOW_MS,
  sealed: 's1',
  ...given,
});

onEachEngine('consent records', (place) => {
  it('are only added to: a number or an id that is taken changes nothing', async () => {
    const first = rowOf();
    expect(await place.store.insertConsentRecord(first)).toBe(true);
    expect(await place.store.insertConsentRecord(rowOf({ sealed: 'changed' }))).toBe(false);
    const sameId = rowOf({ number: 2, recordId: first.recordId });
    expect(await place.store.insertConsentRecord(sameId)).toBe(false);
    expect(await place.store.consentRecordsOfCase('TEST-1')).toEqual([first]);
  });

  it('are those of one case, by recipient and number', async () => {
    const rows = [
      rowOf({ number: 2 }),
      rowOf({ recipient: other }),
      rowOf(),
      rowOf({ localCode: 'TEST-2' }),
    ];
    for (const row of rows) await place.store.insertConsentRecord(row);
    expect(await place.store.consentRecordsOfCase('TEST-1')).toEqual([rows[2], rows[0], rows[1]]);
    const writes = [1, 2, 3].map(() => place.store.insertConsentRecord(rowOf({ number: 3 })));
    expect((await Promise.all(writes)).filter(Boolean)).toHaveLength(1);
  });
});
