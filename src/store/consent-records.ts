// Consent records, ciphertext under the key of their case; only ever added to.
import type { ConsentRecordRow, ConsentRecordStore } from '#casework/ports.ts';

import type { Engine } from './engine.ts';
import { rowsStatement, statement } from './statement.ts';
import type { ConsentRecordTable } from './tables.ts';

export function consentRecordsOn(engine: Engine): ConsentRecordStore {
  return {
    insertConsentRecord: ({ localCode, recordId, atMs, ...rest }) =>
      engine.write(function* () {
        const row = { ...rest, local_code: localCode, record_id: recordId, at_ms: atMs };
        return (yield* insert([row])).length === 1;
      }),
    consentRecordsOfCase: (localCode) =>
      engine.read(function* () {
        return (yield* ofCase({ localCode })).map(toRow);
      }),
  };
}

function toRow({ local_code, record_id, at_ms, ...rest }: ConsentRecordTable): ConsentRecordRow {
  return { ...rest, localCode: local_code, recordId: record_id, atMs: at_ms };
}

const insert = rowsStatement(
  ['local_code', 'recipient', 'number', 'record_id', 'at_ms', 'sealed'],
  (db, rows: ConsentRecordTable[]) =>
    db
      .insertInto('consent_record')
      .values(rows)
      .onConflict((on) => on.doNothing())
      .returning('number'),
);

const ofCase = statement((db, p: { localCode: string }) =>
  db
    .selectFrom('consent_record')
    .selectAll()
    .where('local_code', '=', p.localCode)
    .orderBy('local_code')
    .orderBy('recipient')
    .orderBy('number'),
);
