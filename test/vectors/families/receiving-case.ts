// One parcel that arrives at a node with a past, and what its receipt must say.
import type { Entry } from '#model/thread.ts';
import { START_SECONDS } from '#test/model/story.ts';
import type { PartyName } from '../parties.ts';
import { Scribe, type Written } from '../scribe.ts';
import type { DeliveryExpect, DeliveryInput } from './delivery.ts';
import { day } from './scene.ts';

export const at = START_SECONDS;

/** One parcel for homeward, after what it was given. */
export type Case = {
  check: string;
  name: string;
  given?: readonly Written[];
  arriving: Written;
  now?: number;
  receiver?: PartyName;
  peer?: PartyName;
  sections?: DeliveryInput['sections'];
  expect: DeliveryExpect;
  valid?: boolean;
};

/** A referral that both have read as far as the receipt, under homeward's roof. */
export async function received() {
  const scribe = new Scribe();
  const request = await scribe.say('referring', 'referralRequest', day(0));
  const confirmed = await scribe.say('receiving', 'receiptConfirmed', day(0));
  return { scribe, given: [request, confirmed] };
}

export function position(entry: Entry | undefined) {
  return entry ? { seq: entry.envelope.seq, digest: entry.digest } : null;
}

/** What homeward's receipt says when harbour's message took its place. */
export function taken(scribe: Scribe, arriving: Written, status: string, rest: object = {}) {
  return {
    verdict: 'taken',
    sectionsTaken: arriving.contents.map(({ section }) => section),
    head: position(scribe.thread.receiving.at(-1)),
    read: position(arriving.entry),
    status,
    ...rest,
  } as DeliveryExpect;
}
