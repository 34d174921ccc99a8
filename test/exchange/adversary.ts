// One party of a pair as an adversary: it keeps its keys and its chain, and
// sends what its node would never send.
import type { StepBody } from '#model/message.ts';
import { otherSide, type Side } from '#model/track.ts';
import { type Forged, type Forger, forge, type Parts, sealed } from './forge.ts';
import { IDS, type Pair } from './pair.ts';

export type Adversary = {
  /** The next message after what the victim has, changed as told; not sent yet. */
  next(referralId: string, parts: Parts): Promise<Forged>;
  /** Gives it to the victim; its receipt, or what it throws. */
  give(forged: Pick<Forged, 'jws' | 'sections'>): Promise<string>;
  strike(referralId: string, parts: Parts): Promise<string>;
};

export function adversaryOf(pair: Pair, side: Side): Adversary {
  const victim = pair[otherSide(side)];
  const forger = (): Forger => ({
    organisation: IDS[side],
    signingKey: pair[side].keyring.signing('message'),
    to: victim.member,
    nowSeconds: Math.floor(pair.clock.now() / 1000),
  });
  const adversary: Adversary = {
    async next(referralId, parts) {
      const { thread } = await victim.open(referralId);
      const chains = { own: thread[side], theirs: thread[otherSide(side)] };
      return forge(forger(), referralId, chains, parts);
    },
    async give(forged) {
      return victim.exchange.receive(pair[side].member, await sealed(forger(), forged));
    },
    async strike(referralId, parts) {
      return adversary.give(await adversary.next(referralId, parts));
    },
  };
  return adversary;
}

const WHOLE: StepBody<'consentWithdrawn'> = {
  whole: true,
  sections: [],
  stopReports: true,
  deleteSent: true,
  endServices: false,
  meetingWish: 'not-asked',
};

export function withdrawal(change: Partial<StepBody<'consentWithdrawn'>> = {}) {
  return { step: 'consentWithdrawn', consentWithdrawn: { ...WHOLE, ...change } } as const;
}
