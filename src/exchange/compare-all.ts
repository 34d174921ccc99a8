// After a start: every referral that a partner names is compared with what is
// here, for a node that was restored from an old copy does not know what it lacks.
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';
import type { Member } from '#trust/member.ts';
import type { Placing } from './arrived.ts';
import type { ExchangeContext } from './context.ts';
import type { KnownHeads, StoredHeads } from './ports.ts';

export type Comparing = AsyncDisposable & {
  /** Asks those that did not answer again, now. */
  wake(): void;
};

/** Partner by partner, until each has answered once since this start. */
export function startComparing(context: ExchangeContext, placing: Placing): Comparing {
  const stop = new AbortController();
  const tries = new Map<string, { failures: number; againMs: number }>();
  let ring = () => {};

  async function compareThose(): Promise<void> {
    for (const member of context.members.all()) {
      const { organisation } = member;
      const { failures, againMs } = tries.get(organisation) ?? { failures: 0, againMs: 0 };
      if (stop.signal.aborted) return;
      if (organisation === context.organisation || context.compared.has(organisation)) continue;
      if (performance.now() < againMs) continue;
      if (await compareWith(context, placing, member, stop.signal)) {
        context.compared.add(organisation);
        tries.delete(organisation);
      } else {
        const last = limits.compareBackoffMs.length - 1;
        const waitMs = limits.compareBackoffMs[Math.min(failures, last)] ?? 0;
        tries.set(organisation, { failures: failures + 1, againMs: performance.now() + waitMs });
      }
    }
  }

  async function untilStopped(): Promise<void> {
    while (!stop.signal.aborted) {
      await compareThose();
      if (stop.signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, limits.comparePollMs);
      ring = resolve;
      await promise;
      clearTimeout(timer);
    }
  }

  const ended = untilStopped();
  return {
    wake() {
      tries.clear();
      ring();
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      ring();
      await ended;
    },
  };
}

/** True once nothing differs, or what differed is healed. */
async function compareWith(
  context: ExchangeContext,
  placing: Placing,
  member: Member,
  signal: AbortSignal,
): Promise<boolean> {
  const { organisation } = member;
  let differing = 0;
  let left = 0;
  try {
    for await (const page of pagesOf(context, member, signal)) {
      for (const referralId of await differingOf(context, member, page)) {
        if (signal.aborted) return false;
        differing += 1;
        if (!(await healed(placing, referralId, member))) left += 1;
      }
    }
  } catch (error) {
    const code = error instanceof Refusal ? error.code : 'INTERNAL';
    context.log.warn('heads-not-compared', { organisation, code });
    return false;
  }
  if (!signal.aborted) context.log.info('heads-compared', { organisation, differing, left });
  return left === 0 && !signal.aborted;
}

async function* pagesOf(
  { transport }: ExchangeContext,
  member: Member,
  signal: AbortSignal,
): AsyncGenerator<KnownHeads[]> {
  let after = '';
  for (let page = 0; page < limits.headsPagesMax && !signal.aborted; page += 1) {
    const { referrals, more } = await transport.listHeads(member, after);
    yield referrals;
    const last = referrals.at(-1)?.referralId ?? '';
    if (!more) return;
    if (last <= after) throw new Refusal('MALFORMED', 'The pages of the partner do not go on.');
    after = last;
  }
}

/** Where anything differs, or where a receipt of ours is missing, the two must talk. */
async function differingOf(
  { store }: ExchangeContext,
  { organisation }: Member,
  page: readonly KnownHeads[],
): Promise<string[]> {
  const stored = await store.findHeads(page.map(({ referralId }) => referralId));
  const ours = new Map(stored.map((heads) => [heads.referralId, heads]));
  return page
    .filter((theirs) => {
      const known = ours.get(theirs.referralId);
      // Of a referral with somebody else the partner learns nothing.
      if (known && known.partner !== organisation) return false;
      return !known || !areEqual(known, theirs);
    })
    .map(({ referralId }) => referralId);
}

function areEqual(ours: StoredHeads, theirs: KnownHeads): boolean {
  return (
    ours.ownHead?.digest === theirs.read?.digest &&
    ours.peerHead?.digest === theirs.head?.digest &&
    ours.beside === theirs.beside &&
    ours.pending === 0
  );
}

/** A partner that is away ends the whole comparison; anything else, this one only. */
async function healed(placing: Placing, referralId: string, member: Member): Promise<boolean> {
  try {
    return await placing.compare(referralId, member, true);
  } catch (error) {
    const isAway = error instanceof Refusal && ['UNAVAILABLE', 'TIMED_OUT'].includes(error.code);
    if (isAway) throw error;
    return false;
  }
}
