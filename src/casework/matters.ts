// Matters: what went wrong, was demanded by law, or was told outside. Each entry is
// sealed under the key of what it is about; to erase that is to erase the entry.
import type { z } from 'zod';

import { type DataKey, decryptAtRest, encryptAtRest } from '#crypto/at-rest.ts';
import { uuid7 } from '#crypto/digest.ts';
import type { ReferralRow } from '#exchange/ports.ts';
import type { Duty } from '#model/duties.ts';
import { limits } from '#model/limits.ts';
import type { Entry } from '#model/matter/entries.ts';
import { parseEntry } from '#model/matter/entries.ts';
import { pathText } from '#model/plan/field-path.ts';
import { Refusal } from '#model/refusal.ts';
import type { Actor } from './actor.ts';
import { findCase } from './cases.ts';
import type { CaseworkContext } from './context.ts';
import type { MatterAbout, MatterChange, MatterKind, MatterRow } from './ports.ts';

/** `value` is null where the key was destroyed. */
export type OpenEntry = {
  number: number;
  atMs: number;
  byStaff: string;
  byRole: Actor['role'];
  value: Entry | null;
};
export type OpenMatter = { row: MatterRow; entries: OpenEntry[] };

/** What changes beside the entry itself. */
export type Beside = Partial<Pick<MatterChange, 'tasks' | 'doneTasks' | 'deadlines'>> & {
  isOpen: boolean;
};

/**
 * Opens a matter; the same again changes nothing.
 * @returns false where it is there already
 * @throws Refusal NOT_FOUND, KEY_UNAVAILABLE
 */
export async function openMatter(
  context: CaseworkContext,
  actor: Actor,
  { matterId, kind, about }: { matterId: string; kind: MatterKind; about: MatterAbout },
  value: Entry,
  beside: Beside,
): Promise<boolean> {
  const row = { ...about, matterId, kind, isOpen: beside.isOpen, openedAtMs: context.clock.now() };
  const change = await sealed(context, actor, row, 1, value, beside);
  return context.store.openMatter(row, change);
}

/**
 * Adds an entry that is made from all that stands there.
 * @param make null: there is nothing to add
 * @throws Refusal NOT_FOUND, CONFLICT, and what `make` throws
 */
export async function addToMatter(
  context: CaseworkContext,
  actor: Actor,
  matterId: string,
  kind: MatterKind | undefined,
  make: (matter: OpenMatter) => Promise<{ value: Entry; beside: Beside } | null>,
): Promise<void> {
  for (let attempt = 0; attempt < limits.commitRetriesMax; attempt += 1) {
    const matter = await loadMatter(context, matterId, kind);
    const made = await make(matter);
    if (made === null) return;
    const number = matter.entries.length + 1;
    const change = await sealed(context, actor, matter.row, number, made.value, made.beside);
    if (await context.store.addToMatter(matterId, change)) return;
  }
  throw new Refusal('UNAVAILABLE', 'Somebody else writes to this record; try again.');
}

/** @throws Refusal NOT_FOUND */
export async function loadMatter(
  context: CaseworkContext,
  matterId: string,
  kind?: MatterKind,
): Promise<OpenMatter> {
  const found = await context.store.findMatter(matterId);
  if (!found || (kind !== undefined && found.row.kind !== kind)) {
    const list = kind ?? 'breach|demand|disclosure';
    throw new Refusal('NOT_FOUND', `matter_id: no such record here; see srx ${list} list.`);
  }
  const key = context.keyFile.get(keyIdOf(found.row));
  const entries = found.entries.map(({ sealed: text, ...entry }) => {
    return { ...entry, value: key ? valueOf(key, matterId, entry.number, text) : null };
  });
  return { row: found.row, entries };
}

/** Every matter of these kinds about the referral, or about the case behind it. */
export async function mattersAround(
  context: CaseworkContext,
  referralId: string,
  kinds: readonly MatterKind[],
): Promise<OpenMatter[]> {
  const { row } = await context.store.load(referralId);
  const found: OpenMatter[] = [];
  for (const kind of kinds) {
    const rows = [
      ...(await context.store.mattersOfReferral(referralId, kind)),
      ...(row?.localCode ? await context.store.mattersOfCase(row.localCode, kind) : []),
    ];
    for (const { matterId } of rows) found.push(await loadMatter(context, matterId, kind));
  }
  return found;
}

/** Where a line can stand in the inbox: the referral, or every one that the case went into. */
export async function referralsAbout(
  context: CaseworkContext,
  about: MatterAbout,
): Promise<ReferralRow[]> {
  if (about.localCode !== null) return context.store.referralsOfCase(about.localCode);
  const { row } = await context.store.load(about.referralId);
  return row ? [row] : [];
}

/**
 * What a caller named: exactly one of the two, and it is there.
 * @throws Refusal SCHEMA_VIOLATION, NOT_FOUND
 */
export async function mustBeHere(
  context: CaseworkContext,
  { referralId, localCode }: { referralId: string; localCode: string },
): Promise<MatterAbout> {
  if ((referralId === '') === (localCode === '')) {
    throw new Refusal('SCHEMA_VIOLATION', 'Name a referral or a case: exactly one of them.');
  }
  if (localCode !== '') {
    await findCase(context, localCode);
    return { referralId: null, localCode };
  }
  if ((await context.store.load(referralId)).row) return { referralId, localCode: null };
  throw new Refusal('NOT_FOUND', 'referral_id: no such referral here.');
}

/** @throws Refusal SCHEMA_VIOLATION, TOO_LARGE: the fields at fault, and never what they hold */
export function readRecord<T>(schema: z.ZodType<T>, bytes: Uint8Array, what: string): T {
  if (bytes.length > limits.sectionBytesMax) {
    throw new Refusal('TOO_LARGE', `The ${what} has more than ${limits.sectionBytesMax} bytes.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // No cause: the parser's own message quotes the text.
    throw new Refusal('SCHEMA_VIOLATION', `The ${what} is not JSON in UTF-8.`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const where = result.error.issues.map((issue) => pathText(issue.path) || 'the whole');
  const named = [...new Set(where)].slice(0, 8).join(', ');
  throw new Refusal('SCHEMA_VIOLATION', `The ${what} does not fit its form at ${named}.`);
}

export function taskFor(context: CaseworkContext, referralId: string, kind: Duty) {
  const createdAtMs = context.clock.now();
  return { taskId: uuid7(createdAtMs), referralId, kind, createdAtMs };
}

async function sealed(
  context: CaseworkContext,
  actor: Actor,
  row: MatterRow,
  number: number,
  value: Entry,
  { isOpen, tasks = [], doneTasks = [], deadlines = [] }: Beside,
): Promise<MatterChange> {
  const key = await keyOf(context, row);
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  const text = encryptAtRest(key, contextOf(row.matterId, number), bytes);
  const by = { byStaff: actor.staffId, byRole: actor.role };
  const entry = { number, atMs: context.clock.now(), ...by, sealed: text };
  return { entry, isOpen, tasks, doneTasks, deadlines };
}

/** The key of a case is made with the case and never here. */
async function keyOf(context: CaseworkContext, about: MatterAbout): Promise<DataKey> {
  const id = keyIdOf(about);
  const key = about.localCode === null ? await context.keyFile.ensure(id) : context.keyFile.get(id);
  if (key) return key;
  throw new Refusal('KEY_UNAVAILABLE', 'The key of this case is not in the key file.');
}

function keyIdOf({ referralId, localCode }: MatterAbout): string {
  return localCode === null ? `${referralId}/matter` : `case:${localCode}`;
}

function contextOf(matterId: string, number: number): string {
  return `srx-matter-at-rest.v1:${matterId}:${number}`;
}

function valueOf(key: DataKey, matterId: string, number: number, text: string): Entry {
  const bytes = decryptAtRest(key, contextOf(matterId, number), text);
  return parseEntry(JSON.parse(new TextDecoder().decode(bytes)));
}
