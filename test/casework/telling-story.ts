// The invented story, told on a pair of real nodes: each line is sent at its time by the
// clock of the pair, with sections of its own, and has arrived before the next one.
import { uuid4 } from '#crypto/digest.ts';
import { EMPTY_THREAD } from '#model/thread.ts';
import type { Side } from '#model/track.ts';
import { draftOf, IDS, type Pair } from '#test/exchange/pair.ts';
import { consentFor } from '#test/model/consent-sample.ts';
import { DAY, type Line, START_SECONDS, sample } from '#test/model/story.ts';

export type Told = { referralId: string; tell(...lines: Line[]): Promise<void> };

/** @param wordsOf the content of a section, that a test looks for afterwards */
export function storyOn(
  pair: Pair,
  wordsOf: (section: string) => string = (section) => section,
): Told {
  const referralId = uuid4();
  return {
    referralId,
    async tell(...lines) {
      for (const [side, step, change = {}] of lines) {
        const { row, messages } = await pair[side].store.load(referralId);
        const thread = row ? (await pair[side].open(referralId)).thread : EMPTY_THREAD;
        toDay(pair, ((change.sentAt ?? 0) - START_SECONDS) / DAY);
        const draft = sample(thread, side, step, change);
        const content = (section: string) =>
          new TextEncoder().encode(
            JSON.stringify(
              section === 'consent' ? consentFor(IDS.receiving) : { test: wordsOf(section) },
            ),
          );
        await pair[side].exchange.send({
          ...draftOf(referralId, draft.body, [], [...draft.grants]),
          sections: draft.sections.map((section) => ({ section, content: content(section) })),
          ...(messages.length === 0 && { opens: opening(draft.body) }),
        });
        await pair.settle();
      }
    },
  };
}

function opening(body: ReturnType<typeof sample>['body']) {
  const caseCode = body.step === 'referralRequest' ? body.referralRequest.caseCode : '';
  return { partner: IDS.receiving, caseCode, localCode: 'TEST-1' };
}

/** Never back. */
export function toDay(pair: Pair, day: number): void {
  pair.clock.ms = Math.max(pair.clock.ms, (START_SECONDS + day * DAY) * 1000);
}

/** What is known of the words in the database of a side, without its keys. */
export async function sealedSections(pair: Pair, side: Side, referralId: string) {
  const rows = await pair[side].store.listSections(referralId);
  return [...new Set(rows.filter((one) => one.sealed !== null).map(({ section }) => section))];
}
