// The access log: who opened what, why and when, each line bound to the one before
// and the newest one signed. Written before anything is shown.
import { sha256 } from '#crypto/digest.ts';
import { readJwsHeader, readUnverifiedPayload, signJws, verifyJws } from '#crypto/jws.ts';
import { type AccessLine, accessText } from '#model/access-line.ts';
import { type AccessReason, isPersonal, type SectionName } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';
import type { Actor } from './actor.ts';
import type { CaseworkContext } from './context.ts';
import { reportIdOf, sentReports } from './report-access.ts';

const ACCESS_HEAD_TYP = 'srx-access-head.v1+jws';

export type Opened =
  | { referralId: string; section: SectionName; isReported: boolean }
  | { localCode: string };

/**
 * Nothing may be shown before this returns: an opening that leaves no trace must not be possible.
 * @throws Refusal UNAVAILABLE
 */
export async function recordOpening(
  context: CaseworkContext,
  { staffId, role }: Actor,
  opened: Opened,
  why: AccessReason,
): Promise<void> {
  const { exchange, store, clock } = context;
  const isSection = 'referralId' in opened;
  const about = {
    referralId: isSection ? opened.referralId : null,
    localCode: isSection ? null : opened.localCode,
    section: isSection ? opened.section : null,
  };
  const append = async () => {
    const { line: last } = await store.lastAccess();
    const openedAtMs = clock.now();
    const place = { number: (last?.number ?? 0) + 1, previous: last?.digest ?? '' };
    const entry = { ...place, ...about, staffId, role, why, openedAtMs };
    const line = { ...entry, digest: sha256(accessText(entry)) };
    const report = isSection && opened.isReported && isPersonal(opened.section);
    return store.appendAccess(
      line,
      await signedHead(context, line),
      report
        ? {
            referralId: opened.referralId,
            kind: 'report-access',
            dueAtMs: openedAtMs + limits.accessReportMs,
          }
        : null,
    );
  };
  for (let attempt = 0; attempt < limits.commitRetriesMax; attempt += 1) {
    if (await exchange.context.inTurn('access-log', append)) return;
  }
  throw new Refusal('UNAVAILABLE', 'The access log is busy; try again.');
}

function signedHead(context: CaseworkContext, { number, digest }: AccessLine): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify({ number, digest }));
  const { keyring } = context.exchange.context;
  return signJws(keyring.signing('message'), ACCESS_HEAD_TYP, payload);
}

export type AccessFault = {
  /** Of the line, where one is meant; else 0. */
  number: number;
  what: 'changed' | 'missing' | 'head' | 'reported';
};

/**
 * Walks the whole log: each line, its link to the one before, the signed head, and what the
 * partners were told of. What is removed, changed, moved or added by hand is found.
 */
export async function verifyAccessLog(
  context: CaseworkContext,
): Promise<{ lines: number; faults: AccessFault[] }> {
  const walk: Walk = { last: null, faults: [] };
  const told = await sentReports(context);
  while (await walkPage(context, walk, told)) {
    if (walk.faults.length >= limits.accessFaultsMax) break;
  }
  // Nobody writes while the end is looked at.
  await context.exchange.context.inTurn('access-log', async () => {
    while (walk.faults.length < limits.accessFaultsMax) {
      if (!(await walkPage(context, walk, told))) break;
    }
    if (await isHead(context, walk.last)) return;
    walk.faults.push({ number: walk.last?.number ?? 0, what: 'head' });
  });
  const { last, faults } = walk;
  for (const _ of told) faults.push({ number: 0, what: 'reported' });
  return { lines: last?.number ?? 0, faults: faults.slice(0, limits.accessFaultsMax) };
}

type Walk = { last: AccessLine | null; faults: AccessFault[] };

/** False at the end of the log. */
async function walkPage(context: CaseworkContext, walk: Walk, told: Set<string>): Promise<boolean> {
  const page = await context.store.accessAfter(walk.last?.number ?? 0, limits.accessPageMax);
  for (const line of page) {
    const { number = 0, digest = '' } = walk.last ?? {};
    const isNext = line.number === number + 1;
    if (!isNext) walk.faults.push({ number: number + 1, what: 'missing' });
    const isBound = !isNext || line.previous === digest;
    if (!isBound || line.digest !== sha256(accessText(line))) {
      walk.faults.push({ number: line.number, what: 'changed' });
    }
    if (line.referralId !== null) told.delete(reportIdOf(line.referralId, line.digest));
    walk.last = line;
  }
  return page.length === limits.accessPageMax;
}

async function isHead(context: CaseworkContext, last: AccessLine | null): Promise<boolean> {
  const { head } = await context.store.lastAccess();
  if (head === null || last === null) return head === null && last === null;
  try {
    const { kid } = readJwsHeader(head, limits.accessHeadBytesMax, ACCESS_HEAD_TYP);
    const key = (await context.exchange.context.ownMessageKeys()).get(kid);
    if (!key) return false;
    await verifyJws(head, ACCESS_HEAD_TYP, key, limits.accessHeadBytesMax);
    const { number, digest } = JSON.parse(
      new TextDecoder().decode(readUnverifiedPayload(head)),
    ) as Partial<AccessLine>;
    return number === last.number && digest === last.digest;
  } catch {
    return false;
  }
}
