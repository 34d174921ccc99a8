// Local cases: encrypted under a key of their own, never sent as such.
import { isDeepStrictEqual } from 'node:util';
import { decryptAtRest, encryptAtRest } from '#crypto/at-rest.ts';
import { type CaseFile, parseCaseFile } from '#model/case-file.ts';
import type { AccessReason } from '#model/codes.ts';
import { Refusal } from '#model/refusal.ts';
import { recordOpening } from './access-log.ts';
import type { Actor } from './actor.ts';
import type { CaseworkContext } from './context.ts';
import { importConsent } from './import-consent.ts';
import { judgedOnce, noteJudged } from './judged-once.ts';
import type { StoredCase } from './ports.ts';

/**
 * Stores a case, or its newer version. The very same file again changes nothing.
 * @param file UTF-8 JSON of a case file
 * @throws Refusal SCHEMA_VIOLATION, TOO_LARGE, CONFLICT; nothing is stored then
 */
export async function importCase(
  context: CaseworkContext,
  actor: Actor,
  file: Uint8Array,
): Promise<{ row: StoredCase; created: boolean }> {
  const caseFile = parseCaseFile(file);
  const { localCode } = caseFile;
  const known = await context.store.findCase(localCode);
  if (known && known.erasedAtMs !== null) {
    throw erasedBefore();
  }
  if (known && isDeepStrictEqual(openIfPossible(context, known), caseFile)) {
    await importConsent(context, actor, caseFile);
    return { row: known, created: false };
  }
  const key = await context.keyFile.ensure(caseKeyId(localCode));
  const sealed = encryptAtRest(
    key,
    contextOf(localCode),
    new TextEncoder().encode(JSON.stringify(caseFile)),
  );
  noteJudged(sealed);
  const row = { localCode, sealed, importedAtMs: context.clock.now(), erasedAtMs: null };
  const isStored = (await context.store.insertCase(row)) || (await context.store.replaceCase(row));
  if (!isStored) throw erasedBefore();
  // Cut off before this, the same file again writes them: nothing leaves without.
  await importConsent(context, actor, caseFile);
  return { row, created: true };
}

function erasedBefore(): Refusal {
  return new Refusal(
    'CONFLICT',
    'localCode: a case with this code was erased here; give the new one another code.',
  );
}

/** A case whose key is lost is imported again: that is the way to mend it. */
function openIfPossible(context: CaseworkContext, row: StoredCase): CaseFile | null {
  try {
    return openCase(context, row);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'KEY_UNAVAILABLE') return null;
    throw error;
  }
}

/** @throws Refusal NOT_FOUND, KEY_UNAVAILABLE */
export async function loadCase(context: CaseworkContext, localCode: string): Promise<CaseFile> {
  return openCase(context, await findCase(context, localCode));
}

export async function findCase(context: CaseworkContext, localCode: string): Promise<StoredCase> {
  const row = await context.store.findCase(localCode);
  if (row) return row;
  throw new Refusal('NOT_FOUND', 'local_code: no case here has this code; see srx case list.');
}

/**
 * The case file for one person. Recorded before it is shown: an opening that leaves no trace must
 * not be possible.
 * @throws Refusal KEY_UNAVAILABLE
 */
export async function showCase(
  context: CaseworkContext,
  actor: Actor,
  row: StoredCase,
  why: AccessReason = 'casework',
): Promise<CaseFile> {
  const caseFile = openCase(context, row);
  await recordOpening(context, actor, { localCode: row.localCode }, why);
  return caseFile;
}

function openCase(context: CaseworkContext, row: StoredCase): CaseFile {
  if (row.erasedAtMs !== null) {
    throw new Refusal('NOT_FOUND', 'local_code: this case was erased; nothing of it is left here.');
  }
  const key = context.keyFile.get(caseKeyId(row.localCode));
  if (!key)
    throw new Refusal(
      'KEY_UNAVAILABLE',
      'The key of this case is not in the key file: import the case again.',
    );
  const opened = decryptAtRest(key, contextOf(row.localCode), row.sealed);
  return judgedOnce(row.sealed, opened, parseCaseFile);
}

export function caseKeyId(localCode: string): string {
  return `case:${localCode}`;
}

function contextOf(localCode: string): string {
  return `srx-case-at-rest.v1:${localCode}`;
}
