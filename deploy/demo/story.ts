// One referral from the request to the end, as two organisations live it: every
// step by the casework API, as any other system would take it.
import { type CaseFile, parseCaseFile } from '#model/case-file.ts';
import type { SectionName } from '#model/codes.ts';
import type { Status } from '#model/crossing.ts';
import type { StepName } from '#model/message.ts';
import type { Side } from '#model/track.ts';
import type { CaseworkClient } from '#wire/contracts/casework.ts';
import { type Beat, beats, momentMs } from './beats.ts';
import type { StoryClock } from './clock.ts';
import type { SectionInput } from './contents.ts';
import type { Federation } from './federation.ts';

export type Story = {
  federation: Federation;
  clock: StoryClock;
  /** UTF-8 JSON of a case file for the referring side. */
  caseFile: Uint8Array;
  localCode: string;
  /** Ends the waiting for a receipt. */
  signal?: AbortSignal;
};

export type Told = {
  side: Side;
  step: StepName;
  /** What a person would call it. */
  title: string;
  words: string;
  /** Story time. */
  day: number;
  atMs: number;
  seq: number;
  messageId: string;
  /** Of the signed message. */
  digest: string;
  /** Section names that travelled sealed. */
  sealed: string[];
  /** What of the case its owner has not sent so far; for steps that send parts of it. */
  stayed: SectionName[];
  receiptVerified: boolean;
  status: Status;
  /** How many people did it. */
  people: 1 | 2;
  /** What workers wrote for it, in the clear. */
  written: SectionInput[];
};

/** Tells the story beat by beat; each is over when its receipt is verified. */
export async function* tell(story: Story): AsyncGenerator<Told, { referralId: string }, void> {
  const { federation, clock } = story;
  const caseFile = parseCaseFile(story.caseFile);
  await federation.nodes.referring.client().importCase({ caseFile: story.caseFile });
  const firstDayMs = firstDay(clock.now());
  const sent = new Set<string>();
  let referralId = '';
  for (const beat of beats(caseFile)) {
    clock.moveTo(momentMs(beat, firstDayMs));
    await federation.catchUp();
    const told = await take(beat, { story, caseFile, firstDayMs, referralId });
    referralId = told.referralId;
    if (beat.side === 'referring') for (const name of told.beat.sealed) sent.add(name);
    const stayed = beat.sendsCase
      ? (Object.keys(caseFile.sections) as SectionName[]).filter((name) => !sent.has(name))
      : [];
    yield { ...told.beat, stayed };
  }
  return { referralId };
}

/** The UTC day on which the first beat is still to come. */
function firstDay(nowMs: number): number {
  const dayMs = 24 * 60 * 60 * 1000;
  const today = Math.floor(nowMs / dayMs) * dayMs;
  const [first] = beats();
  return first && momentMs(first, today) >= nowMs ? today : today + dayMs;
}

type Scene = { story: Story; caseFile: CaseFile; firstDayMs: number; referralId: string };

async function take(
  beat: Beat,
  { story, caseFile, firstDayMs, referralId }: Scene,
): Promise<{ referralId: string; beat: Omit<Told, 'stayed'> }> {
  const node = story.federation.nodes[beat.side];
  const own = node.client({ second: beat.people === 2 });
  const nowMs = Math.floor(story.clock.now() / 1000) * 1000;
  const moment = { own, localCode: story.localCode, caseFile, firstDayMs, nowMs, referralId };
  const { outcome, written = [] } = await beat.act(moment);
  const line = await receiptOf(own, outcome, story.signal);
  const { side, step, title, words, day, people } = beat;
  return {
    referralId: outcome.referralId,
    beat: {
      side,
      step,
      title,
      words: typeof words === 'string' ? words : words({ caseFile, nowMs }),
      day,
      people,
      written,
      atMs: line.sentAt * 1000,
      seq: outcome.seq,
      messageId: outcome.messageId,
      digest: line.digest,
      sealed: line.sections,
      receiptVerified: line.receivedAt > 0,
      status: outcome.status,
    },
  };
}

const WAIT_MS = 20_000;

async function receiptOf(
  client: CaseworkClient,
  { referralId, messageId }: { referralId: string; messageId: string },
  signal?: AbortSignal,
) {
  for (const endMs = Date.now() + WAIT_MS; ; ) {
    const { timeline } = await client.getReferral({ referralId });
    const line = timeline.find((entry) => entry.messageId === messageId);
    if (line && (line.receivedAt > 0 || Date.now() > endMs || signal?.aborted)) return line;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
