// The consent records of a case: read, and added to. Each is signed by this
// organisation, names the one before, and is sealed under the key of the case.
import { type DataKey, decryptAtRest, encryptAtRest } from '#crypto/at-rest.ts';
import { sha256, uuid4 } from '#crypto/digest.ts';
import { readUnverifiedPayload, signJws } from '#crypto/jws.ts';
import { ConsentRecord } from '#model/consent-record.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

import type { Actor } from './actor.ts';
import type { CaseworkContext } from './context.ts';
import { judgedOnce, noteJudged } from './judged-once.ts';
import type { ConsentRecordRow } from './ports.ts';

export const CONSENT_RECORD_TYP = 'srx-consent-record.v1+jws';

export type StoredRecord = { record: ConsentRecord; jws: string; row: ConsentRecordRow };
/** By entity identifier of the recipient; each list oldest first. */
export type RecordsOfCase = ReadonlyMap<string, readonly StoredRecord[]>;

/** What a new record says; the rest follows from its place. */
export type NewRecord = Pick<ConsentRecord, 'event' | 'answers'> &
  Partial<Pick<ConsentRecord, 'text' | 'form' | 'withdrawal'>> & {
    recordId?: string;
    /** Made from what the place tells. */
    receipt?: (place: { recordId: string; caseCode: string }) => ConsentRecord['receipt'];
  };

/**
 * A record whose key was lost says nothing any more; the case that is imported again
 * begins anew behind it.
 * @throws Refusal KEY_UNAVAILABLE: the case has no key
 */
export async function recordsOfCase(
  context: CaseworkContext,
  localCode: string,
): Promise<RecordsOfCase> {
  const found = new Map<string, StoredRecord[]>();
  for (const { row, jws } of await openRows(context, localCode)) {
    if (jws === null) continue;
    const record = judgedOnce(row.sealed, readUnverifiedPayload(jws), parse);
    found.set(row.recipient, [...(found.get(row.recipient) ?? []), { record, jws, row }]);
  }
  return found;
}

/** Every row; without its text where its key was lost. */
export async function openRows(
  context: CaseworkContext,
  localCode: string,
): Promise<{ row: ConsentRecordRow; jws: string | null }[]> {
  const rows = await context.store.consentRecordsOfCase(localCode);
  if (rows.length === 0) return [];
  const key = keyOf(context, localCode);
  return rows.map((row) => ({ row, jws: openIfPossible(key, row) }));
}

function openIfPossible(key: DataKey, row: ConsentRecordRow): string | null {
  try {
    return new TextDecoder().decode(decryptAtRest(key, contextOf(row), row.sealed));
  } catch (error) {
    if (error instanceof Refusal && error.code === 'KEY_UNAVAILABLE') return null;
    throw error;
  }
}

export function recordsFor(records: RecordsOfCase, recipient: string): ConsentRecord[] {
  return (records.get(recipient) ?? []).map(({ record }) => record);
}

/**
 * Adds a record that is made from all that stands there.
 * @param make null: there is nothing to add
 * @throws Refusal KEY_UNAVAILABLE, UNAVAILABLE, and what `make` throws
 */
export async function addRecord(
  context: CaseworkContext,
  actor: Actor,
  about: { localCode: string; recipient: string },
  make: (there: ConsentRecord[]) => NewRecord | null,
): Promise<ConsentRecord | null> {
  for (let attempt = 0; attempt < limits.commitRetriesMax; attempt += 1) {
    const rows = await openRows(context, about.localCode);
    const stored = rows
      .filter(({ row }) => row.recipient === about.recipient)
      .map(({ row, jws }) => ({
        row,
        jws,
        record: jws === null ? null : judgedOnce(row.sealed, readUnverifiedPayload(jws), parse),
      }));
    const made = make(stored.flatMap(({ record }) => record ?? []));
    if (made === null) return null;
    const { record, row } = await signed(context, actor, about, stored, made);
    if (await context.store.insertConsentRecord(row)) return record;
  }
  throw new Refusal('UNAVAILABLE', 'Somebody else writes to this record; try again.');
}

async function signed(
  context: CaseworkContext,
  { staffId, role }: Actor,
  { localCode, recipient }: { localCode: string; recipient: string },
  stored: readonly { jws: string | null; record: ConsentRecord | null }[],
  { receipt, recordId = uuid4(), ...said }: NewRecord,
): Promise<{ record: ConsentRecord; row: ConsentRecordRow }> {
  const last = stored.at(-1);
  const caseCode =
    stored.findLast(({ record }) => record !== null)?.record?.caseCode ??
    (await context.store.findCaseCode(localCode, recipient)) ??
    uuid4();
  const made = receipt?.({ recordId, caseCode });
  const record = ConsentRecord.parse({
    schemaVersion: 'srx-consent-record-1',
    recordId,
    number: stored.length + 1,
    previous: last?.jws ? sha256(last.jws) : '',
    atMs: context.clock.now(),
    by: { staffId, role },
    localCode,
    recipient,
    caseCode,
    ...said,
    ...(made && { receipt: made }),
  } satisfies ConsentRecord);
  const signer = context.exchange.context.keyring.signing('message');
  const jws = await signJws(signer, CONSENT_RECORD_TYP, Buffer.from(JSON.stringify(record)));
  const row = { localCode, recipient, number: record.number, recordId, atMs: record.atMs };
  const sealed = encryptAtRest(keyOf(context, localCode), contextOf(row), Buffer.from(jws));
  noteJudged(sealed);
  return { record, row: { ...row, sealed } };
}

function parse(payload: Uint8Array): ConsentRecord {
  return ConsentRecord.parse(JSON.parse(new TextDecoder().decode(payload)));
}

function keyOf({ keyFile }: CaseworkContext, localCode: string): DataKey {
  const key = keyFile.get(`case:${localCode}`);
  if (key) return key;
  throw new Refusal(
    'KEY_UNAVAILABLE',
    'The key of this case is not in the key file: import the case again.',
  );
}

function contextOf({
  localCode,
  recipient,
  number,
}: Pick<ConsentRecordRow, 'localCode' | 'recipient' | 'number'>): string {
  return `srx-consent-record-at-rest.v1:${localCode}:${recipient}:${number}`;
}
