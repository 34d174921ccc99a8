// sync.json: what homeward answers to harbour's heads.
import type { ChainPosition } from '#model/message.ts';
import type { Entry } from '#model/thread.ts';
import type { PartyName } from '../parties.ts';
import { Scribe } from '../scribe.ts';
import type { Family, Vector } from '../vector.ts';
import { jwsOf } from './delivery.ts';
import { day, until } from './scene.ts';

type SyncInput = {
  /** As in receiving.json: what homeward got or wrote, in order. */
  given: string[];
  asker: PartyName;
  heads: {
    referralId: string;
    own: ChainPosition | null;
    read: ChainPosition | null;
    receiptsWanted: string[];
  };
};
type SyncExpect = {
  known: boolean;
  head: ChainPosition | null;
  read: ChainPosition | null;
  /** Digests; receipts by the digest of the message that they are for. */
  yours: string[];
  mine: string[];
  receipts: string[];
  more: boolean;
};
type SyncVector = Vector<SyncInput, SyncExpect>;

/** ListHeads instead: a page after an id. */
type HeadsInput = Pick<SyncInput, 'given' | 'asker'> & { after: string };
type HeadsExpect = {
  referrals: {
    referralId: string;
    head: ChainPosition | null;
    read: ChainPosition | null;
    beside: number;
  }[];
  more: boolean;
};
export type AnswerVector = SyncVector | Vector<HeadsInput, HeadsExpect>;

export async function makeSync(): Promise<Family<AnswerVector>> {
  const scribe = await new Scribe().tell(until('receiving', 'clarificationAsked'));
  const { referring, receiving } = scribe.thread;
  const given = scribe.said.map(({ entry }) => entry.digest);
  const referralId = referring[0]?.envelope.referralId ?? '';
  const [ours, theirs] = [referring, receiving].map((chain) =>
    chain.map(({ digest }) => digest),
  ) as [string[], string[]];
  const whole = { known: true, head: position(receiving.at(-1)), read: position(referring.at(-1)) };
  const nothing = { yours: [], mine: [], receipts: [], more: false };
  const vector = (
    name: string,
    heads: Partial<SyncInput['heads']>,
    expect: SyncExpect,
    asker: PartyName = 'harbour',
  ): SyncVector => {
    const equal = { own: position(referring.at(-1)), read: position(receiving.at(-1)) };
    const asked = { referralId, ...equal, receiptsWanted: [], ...heads };
    return { name, check: 'Y1', valid: true, input: { given, asker, heads: asked }, expect };
  };
  const rival = await new Scribe().say('referring', 'referralRequest', {
    ...day(0),
    expiresAt: day(1).sentAt ?? 0,
  });
  const ahead = scribe.copy();
  await ahead.say('referring', 'clarificationGiven', day(2));
  const early = await ahead.draw('referring', 'consentWithdrawn', day(2));
  scribe.written.set(early.entry.digest, early);
  const waiting = [...given, early.entry.digest];
  const page = (
    name: string,
    input: Partial<HeadsInput>,
    referrals: HeadsExpect['referrals'],
  ): AnswerVector => ({
    name,
    check: 'Y3',
    valid: true,
    input: { given, asker: 'harbour', after: '', ...input },
    expect: { referrals, more: false },
  });
  const listed = { referralId, head: whole.head, read: whole.read, beside: 0 };
  const unknown = { known: false, head: null, read: null, ...nothing };
  return {
    about:
      'Heads that harbour sends and what homeward gives back: proto/README.md, "Sync". Parcels in `mine` are named by the digest of their message.',
    signed: jwsOf(scribe.written),
    vectors: [
      vector('equal heads', {}, { ...whole, ...nothing }),
      vector(
        'an asker that has lost everything',
        { own: null, read: null },
        {
          ...whole,
          ...nothing,
          yours: ours,
          mine: theirs,
          receipts: ours,
        },
      ),
      vector(
        'an asker that has lost its last message and the last that it had read',
        {
          own: position(referring.at(-2)),
          read: position(receiving.at(-2)),
        },
        {
          ...whole,
          ...nothing,
          yours: ours.slice(-1),
          mine: theirs.slice(-1),
          receipts: ours.slice(-1),
        },
      ),
      vector(
        'an asker that wants a receipt',
        { receiptsWanted: ours.slice(0, 1) },
        {
          ...whole,
          ...nothing,
          receipts: ours.slice(0, 1),
        },
      ),
      vector(
        'an asker with another first message: all from there on',
        { own: position(rival.entry) },
        {
          ...whole,
          ...nothing,
          yours: ours,
          receipts: ours,
        },
      ),
      vector(
        'a referral that is unknown',
        { referralId: '00000000-0000-4000-8000-000000000000' },
        unknown,
      ),
      vector('a stranger that asks: the same answer', {}, unknown, 'stranger'),
      {
        ...vector(
          'an asker that knows nothing of its withdrawal, which waits for its place here',
          {},
          {
            ...whole,
            ...nothing,
            yours: [early.entry.digest],
            receipts: [early.entry.digest],
          },
        ),
        input: {
          given: waiting,
          asker: 'harbour',
          heads: {
            referralId,
            own: whole.read,
            read: whole.head,
            receiptsWanted: [],
          },
        },
      },
      page('the referrals of the two', {}, [listed]),
      page('with a withdrawal that waits for its place', { given: waiting }, [
        { ...listed, beside: 1 },
      ]),
      page('after the last one', { after: referralId }, []),
      page('the referrals of a stranger: none', { asker: 'stranger' }, []),
    ],
  };
}

function position(entry: Entry | undefined): ChainPosition | null {
  return entry ? { seq: entry.envelope.seq, digest: entry.digest } : null;
}
