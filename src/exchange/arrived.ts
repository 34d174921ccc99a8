// A message on its way in, between its checks and its place in the chain.
import type { Receipt, SectionContent } from '#model/message.ts';
import type { Entry } from '#model/thread.ts';
import type { Member } from '#trust/member.ts';

/** A message whose signature holds, with its parcel's sections. */
export type Arrived = {
  peer: Member;
  jws: string;
  entry: Entry;
  fault: 'unsupported-version' | 'schema-violation' | null;
  sections: SectionContent[];
  restored: Restored | null;
};

/** The receipt that we gave before we were restored from an old copy; ours, by our signature. */
export type Restored = { jws: string; receipt: Receipt };

/** What a message still needs before it can be stored. */
export type Placing = {
  /** `isStart`: it is the first since a start, and what waits may go at once. */
  compare(referralId: string, peer: Member, isStart?: boolean): Promise<boolean>;
};

/** What was committed, with the receipt to give. Null instead: the referral moved on meanwhile. */
export type Placed = { receipt: string };
