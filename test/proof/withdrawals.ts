// A withdrawal at every point of the story, said at either side, over a link that is
// up, down, flapping, or down until the node was started again.
import { isDeepStrictEqual } from 'node:util';

import type { Actor } from '#casework/actor.ts';
import { openSection } from '#casework/open-section.ts';
import { PERSONAL_SECTIONS, type SectionName } from '#model/codes.ts';
import { withdraws } from '#model/consent.ts';
import type { StepBody } from '#model/message.ts';
import { Refusal } from '#model/refusal.ts';
import { otherSide, type Side } from '#model/track.ts';
import { draftOf, type Pair, startPair } from '#test/exchange/pair.ts';
import { takeStep, walk } from '#test/exchange/walk.ts';
import { STORY } from '#test/model/story.ts';
import { type Random, randomFrom } from './random.ts';

export const LINKS = ['up', 'down', 'flapping', 'restarted'] as const;
export const SAID = {
  whole: { whole: true, sections: [] },
  partly: { whole: false, sections: ['identity', 'minimum', 'note', 'risk', 'report'] },
} as const satisfies Record<string, Partial<StepBody<'consentWithdrawn'>>>;
/** How many lines of the story stand before it. */
export const POINTS = STORY.map((_, index) => index + 1);

export type Cell = {
  point: number;
  side: Side;
  said: keyof typeof SAID;
  link: (typeof LINKS)[number];
};

export type GridReport = {
  withdrawals: number;
  /** Sections that could be read before, and not after. */
  closed: number;
  faults: string[];
};

export function cellsAt(points: readonly number[]): Cell[] {
  return points.flatMap((point) =>
    (['referring', 'receiving'] as const).flatMap((side) =>
      (['whole', 'partly'] as const).flatMap((said) =>
        LINKS.map((link) => ({ point, side, said, link })),
      ),
    ),
  );
}

export async function withdrawEverywhere(
  cells: readonly Cell[],
  seed: number,
  progress: (line: string) => void = () => {},
): Promise<GridReport> {
  const report: GridReport = { withdrawals: 0, closed: 0, faults: [] };
  const random = randomFrom(seed);
  // Some cells take days, and nobody renews the keys of a pair, which live for 30.
  for (let from = 0; from < cells.length; from += LINKS.length) {
    await using pair = await startPair();
    for (const cell of cells.slice(from, from + LINKS.length)) {
      progress(`${report.withdrawals} of ${cells.length} withdrawals`);
      const fault = await withdrawOnce(pair, cell, random, report);
      report.withdrawals += 1;
      if (fault !== null) report.faults.push(`${Object.values(cell).join(', ')}: ${fault}`);
    }
  }
  return report;
}

const READER: Actor = { staffId: 'test-reader', role: 'caseworker' };
const CLOSED = ['CONSENT_WITHDRAWN', 'NOT_CONSENTED', 'CONSENT_EXPIRED'];
const FLAPPING_ROUNDS = 40;
const ROUNDS_MAX = 100;
const DOWN_SECONDS = 3 * 24 * 60 * 60;

async function withdrawOnce(
  pair: Pair,
  { point, side, said, link }: Cell,
  random: Random,
  report: GridReport,
): Promise<string | null> {
  const referralId = await walk(pair, STORY.slice(0, point));
  const body: StepBody<'consentWithdrawn'> = {
    stopReports: true,
    deleteSent: false,
    endServices: false,
    meetingWish: 'not-asked',
    ...SAID[said],
    sections: [...SAID[said].sections],
  };
  const covered = PERSONAL_SECTIONS.filter((section) => withdraws(body, section));
  const before = await readableAt(pair, ['referring', 'receiving'], referralId, covered);
  bend(pair, link, random);
  const step = { step: 'consentWithdrawn', consentWithdrawn: body } as const;
  await pair[side].exchange.send(draftOf(referralId, step));
  // Here it counts before anybody else knows of it.
  const early = await readableAt(pair, [side], referralId, covered);
  if (early.length > 0) return `read here after it was said: ${early.join(', ')}`;
  await takeNext(pair, referralId, point, otherSide(side));
  if (link === 'restarted')
    for (const party of [pair[side], pair[otherSide(side)]]) await party.restart();
  if (link === 'down') pair.clock.pass(DOWN_SECONDS);
  if (link !== 'flapping') bend(pair, 'up', random);
  const flapped = link === 'flapping' && (await isEqual(pair, referralId, FLAPPING_ROUNDS));
  bend(pair, 'up', random);
  if (!flapped && !(await isEqual(pair, referralId, ROUNDS_MAX))) {
    return 'both sides never came to the same state';
  }
  const after = await readableAt(pair, ['referring', 'receiving'], referralId, covered);
  report.closed += before.length;
  return after.length === 0 ? null : `read after it: ${after.join(', ')}`;
}

function bend(pair: Pair, link: Cell['link'], random: Random): void {
  const cut = () => {
    const isCut = link === 'flapping' ? random.chance(0.6) : link !== 'up';
    if (isCut) throw new Refusal('UNAVAILABLE', 'The link is cut.');
  };
  pair.onDeliver = (_, parcel) => {
    cut();
    return parcel;
  };
  pair.onReceipt = (_, receipt) => {
    cut();
    return receipt;
  };
}

/** The next line of the story, by the other one, who may not know yet: it crosses. */
async function takeNext(pair: Pair, referralId: string, point: number, by: Side): Promise<void> {
  const line = STORY[point];
  if (line?.[0] !== by) return;
  try {
    await takeStep(pair, referralId, line, 'TEST-1');
  } catch (error) {
    // It knows already.
    if (!(error instanceof Refusal)) throw error;
  }
}

async function isEqual(pair: Pair, referralId: string, rounds: number): Promise<boolean> {
  for (let round = 0; round < rounds; round += 1) {
    pair.clock.pass(20);
    pair.referring.exchange.wake();
    pair.receiving.exchange.wake();
    await new Promise((resolve) => setTimeout(resolve, 2));
    await pair.settle();
    const [ours, theirs] = [
      await pair.referring.open(referralId),
      await pair.receiving.open(referralId),
    ];
    const isThere = theirs.state.withdrawals.length === 1;
    const pending = [ours, theirs].flatMap(({ stored }) =>
      stored.messages.filter((m) => m.author === 'own' && m.receipt === null),
    );
    if (isThere && pending.length === 0 && isDeepStrictEqual(ours.state, theirs.state)) return true;
  }
  return false;
}

/** As side and section: what a person there can read now, through the act that opens it. */
async function readableAt(
  pair: Pair,
  sides: readonly Side[],
  referralId: string,
  sections: readonly SectionName[],
): Promise<string[]> {
  const readable: string[] = [];
  for (const side of sides) {
    const { exchange, store } = pair[side];
    const context = { ...exchange.context, exchange, store };
    for (const section of sections) {
      try {
        await openSection(context, READER, null, referralId, section);
        readable.push(`${side} ${section}`);
      } catch (error) {
        const isClosed = error instanceof Refusal && [...CLOSED, 'NOT_FOUND'].includes(error.code);
        if (!isClosed) throw error;
      }
    }
  }
  return readable;
}
