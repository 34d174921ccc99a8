// chains.json: threads with what the fold makes of them.
import { stateDigest } from '#exchange/state-digest.ts';
import type { Status } from '#model/crossing.ts';
import { fold } from '#model/referral.ts';
import { EMPTY_THREAD, type Thread } from '#model/thread.ts';
import type { Side } from '#model/track.ts';
import { Scribe } from '../scribe.ts';
import type { Family, Vector } from '../vector.ts';
import type { Scene } from './scene.ts';
import { ENDINGS, STORY_SCENES } from './scenes-endings.ts';
import { BOUNDS, ILLEGAL } from './scenes-illegal.ts';
import { FORKS, REFUSALS, WITHDRAWALS } from './scenes-undone.ts';

const SCENES: readonly Scene[] = [
  ...STORY_SCENES,
  ...ENDINGS,
  ...WITHDRAWALS,
  ...REFUSALS,
  ...FORKS,
  ...ILLEGAL,
  ...BOUNDS,
];

type ChainsInput = {
  /** Digests of the placed messages, in order. */
  referring: string[];
  receiving: string[];
  /** Beside the chains: early withdrawals, and second messages with one number. */
  loose: { side: Side; digest: string }[];
  forks: { side: Side; seq: number }[];
};
type ChainsExpect = {
  status: Status;
  travellingWithoutReceiver: boolean;
  openQuestions: number[];
  verdicts: Record<Side, string[]>;
  /** The value that is hashed, and its digest. */
  state: unknown;
  stateDigest: string;
};
export type ChainsVector = Vector<ChainsInput, ChainsExpect>;

export async function makeChains(): Promise<Family<ChainsVector>> {
  const messages = new Map<string, string>();
  const vectors: ChainsVector[] = [];
  for (const scene of SCENES) vectors.push(await makeVector(scene, messages));
  return {
    about:
      'Threads and their state: proto/fold.md. Inputs name messages by digest; signatures hold. Cut messages have no verdict.',
    signed: Object.fromEntries([...messages].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    vectors,
  };
}

async function makeVector(scene: Scene, messages: Map<string, string>): Promise<ChainsVector> {
  const scribe = new Scribe();
  const aside = (await scene.write(scribe)) ?? {};
  const { referring, receiving } = scribe.thread;
  const input: ChainsInput = {
    referring: referring.map((e) => e.digest),
    receiving: receiving.map((e) => e.digest),
    loose: aside.loose ?? [],
    forks: aside.forks ?? [],
  };
  const all = [...input.referring, ...input.receiving, ...input.loose.map((l) => l.digest)];
  for (const digest of all) messages.set(digest, scribe.written.get(digest)?.jws ?? '');
  const thread: Thread = {
    ...EMPTY_THREAD,
    referring,
    receiving,
    loose: input.loose.flatMap(({ side, digest }) => {
      const entry = scribe.written.get(digest)?.entry;
      return entry ? [{ side, entry }] : [];
    }),
    forks: input.forks,
  };
  const state = fold(thread);
  const verdicts = {
    referring: expected(scene, 'referring', input.referring.length),
    receiving: expected(scene, 'receiving', input.receiving.length),
  };
  return {
    name: scene.name,
    check: scene.check,
    valid: !scene.except,
    input,
    expect: {
      status: scene.status,
      travellingWithoutReceiver: scene.alarm ?? false,
      openQuestions: scene.openQuestions ?? [],
      verdicts,
      state: { ...state, verdicts },
      stateDigest: stateDigest(state),
    },
  };
}

function expected(scene: Scene, side: Side, count: number): string[] {
  const words = Array.from({ length: count }, (_, i) => scene.except?.[side]?.[i + 1] ?? 'counts');
  return words.filter((word) => word !== 'cut');
}
