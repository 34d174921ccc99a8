// Walks the story that ends well over a pair of nodes, each step by the one whose
// turn it is, from what that node knows.
import { uuid4 } from '#crypto/digest.ts';
import type { Grant, StepName } from '#model/message.ts';
import { EMPTY_THREAD } from '#model/thread.ts';
import type { Side } from '#model/track.ts';
import { type Line, STORY, sample } from '#test/model/story.ts';
import { draftOf, IDS, type Pair, requestDraft } from './pair.ts';

const HOUR = 60 * 60;

/** The lines up to and with the first such step of that side. */
export function storyUpTo(side: Side, step: StepName): readonly Line[] {
  const index = STORY.findIndex(([by, name]) => by === side && name === step);
  if (index === -1) throw new Error(`the story has no ${side} ${step}`);
  return STORY.slice(0, index + 1);
}

/** @returns the referral; the request is for this case */
export async function walk(
  pair: Pair,
  lines: readonly Line[],
  { localCode = 'TEST-1' } = {},
): Promise<string> {
  const referralId = uuid4();
  for (const line of lines) await takeStep(pair, referralId, line, localCode);
  return referralId;
}

/** One step of the story, by whose turn it is. */
export async function takeStep(
  pair: Pair,
  referralId: string,
  [side, step, change]: Line,
  localCode: string,
): Promise<void> {
  pair.clock.pass(HOUR);
  const now = Math.floor(pair.clock.now() / 1000);
  const { exchange } = pair[side];
  if (step === 'referralRequest') {
    const draft = requestDraft(pair.clock, { referralId });
    const opens = { partner: IDS.receiving, caseCode: uuid4(), localCode };
    await exchange.send({ ...draft, opens });
  } else {
    const { thread } = await pair[side].open(referralId);
    const body = change?.body;
    const said = sample(thread ?? EMPTY_THREAD, side, step, { sentAt: now, ...(body && { body }) });
    const grants = said.grants.map((grant): Grant => ({ ...grant, grantId: uuid4() }));
    await exchange.send(draftOf(referralId, said.body, [...said.sections], grants));
  }
  await pair.settle();
}
