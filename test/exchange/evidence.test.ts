import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createSigningKey, type SigningKey } from '#crypto/keys.ts';
import { type Evidence, type EvidenceMessage, exportEvidence } from '#exchange/evidence.ts';
import { signReceipt } from '#exchange/receipt.ts';
import { stateDigest } from '#exchange/state-digest.ts';
import { type EvidenceReport, verifyEvidence } from '#exchange/verify-evidence.ts';
import { fold } from '#model/referral.ts';
import type { Side } from '#model/track.ts';
import { flipped } from '#test/federation/bent.ts';
import { codec } from '#wire/codec.ts';
import { adversaryOf, withdrawal } from './adversary.ts';
import { forge } from './forge.ts';
import { draftOf, IDS, type Pair, requestDraft, startPair } from './pair.ts';

let pair: Pair;
let referralId: string;
let evidence: Evidence;
/** Of another referral between the same two. */
let other: Evidence;
beforeAll(async () => {
  pair = await startPair();
  referralId = await written();
  evidence = await exported(referralId);
  other = await exported(await written());
});
afterAll(() => pair[Symbol.asyncDispose]());

/** Two messages of each side, an early withdrawal, and a second message with a number. */
async function written(): Promise<string> {
  const { referring, receiving } = pair;
  const { referralId: id } = await referring.exchange.send(requestDraft(pair.clock));
  await pair.settle();
  const confirmed = { step: 'receiptConfirmed', receiptConfirmed: {} } as const;
  await receiving.exchange.send(draftOf(id, confirmed, ['workers']));
  await pair.settle();
  const held = { step: 'held', held: { reviewAt: 4_000_000 } } as const;
  await referring.exchange.send(draftOf(id, held, ['reason']));
  await pair.settle();
  await receiving.exchange.send(draftOf(id, { step: 'held', held: { reviewAt: 1 } }, ['reason']));
  await pair.settle();
  return id;
}

async function aside(): Promise<Evidence> {
  const id = await written();
  const theirs = adversaryOf(pair, 'receiving');
  await theirs.strike(id, { body: withdrawal({ whole: false }), change: { seq: 9 } });
  const second = { body: { step: 'failed', failed: {} }, change: { seq: 2 } } as const;
  await theirs.strike(id, second).catch(() => null);
  return exported(id);
}

function exported(id: string): Promise<Evidence> {
  return exportEvidence(pair.referring.exchange.context, id);
}

async function failsAt(changed: unknown): Promise<string> {
  const report = await verifyEvidence(codec, changed);
  return report.checks.find(({ ok }) => !ok)?.check ?? 'nothing';
}

type Change = (messages: EvidenceMessage[]) => EvidenceMessage[];

function withMessages(change: Change): Evidence {
  return { ...evidence, messages: change([...evidence.messages]) };
}

function at(side: Side, seq: number) {
  const index = evidence.messages.findIndex(
    (m, i) =>
      m.side === side &&
      evidence.messages.slice(0, i + 1).filter((o) => o.side === side).length === seq,
  );
  return { index, message: evidence.messages[index] as EvidenceMessage };
}

function replaced(side: Side, seq: number, by: Partial<EvidenceMessage>): Evidence {
  const { index, message } = at(side, seq);
  return withMessages((all) => all.with(index, { ...message, ...by }));
}

const party = (side: Side, by: Partial<Evidence['referring']>): Evidence => {
  return { ...evidence, [side]: { ...evidence[side], ...by } };
};

describe('an exported referral', () => {
  it('passes as it is, with messages beside the chains too, and says what it cannot show', async () => {
    const report = await verifyEvidence(codec, evidence);
    expect(report).toMatchObject({ ok: true, referralId, status: 'received' });
    expect(report.messages.every((m) => m.verdict === 'counts' && m.receivedAt !== null)).toBe(
      true,
    );
    expect(whoseKeys(report)).toHaveLength(2);
    const more = await verifyEvidence(codec, await aside());
    expect(more).toMatchObject({ ok: true, status: 'interrupted' });
    expect(more.messages.map((m) => m.verdict)).toContain('parked');
    expect(more.messages.map((m) => m.verdict)).toContain('fork');
  });

  it.each<[string, string, () => unknown]>([
    ['with a field more', 'format', () => ({ ...evidence, note: 'x' })],
    ['without messages', 'format', () => ({ ...evidence, messages: [] })],
    ['of another version', 'format', () => ({ ...evidence, srxEvidence: 2 })],
    ['that is no object', 'format', () => 'evidence'],
    [
      'with one key on both sides',
      'keys',
      () => party('receiving', { messageKeys: evidence.referring.messageKeys }),
    ],
    [
      'with a key under another’s name',
      'keys',
      () =>
        party('receiving', {
          messageKeys: evidence.receiving.messageKeys.map((key) => ({
            ...key,
            kid: evidence.referring.messageKeys[0]?.kid ?? '',
          })),
        }),
    ],
    [
      'with both sides one organisation',
      'keys',
      () => party('receiving', { organisation: IDS.referring }),
    ],
    [
      'with a signature bent',
      'signatures',
      () => replaced('referring', 1, { jws: flipped(at('referring', 1).message.jws, 2) }),
    ],
    [
      'with another message’s signature',
      'signatures',
      () =>
        replaced('referring', 1, {
          jws: mixed(at('referring', 1).message.jws, at('referring', 2).message.jws),
        }),
    ],
    [
      'without the key of its newest message',
      'signatures',
      () => party('receiving', { messageKeys: [] }),
    ],
    [
      'with the sides exchanged',
      'signatures',
      () =>
        withMessages((all) =>
          all.map((m) => ({ ...m, side: m.side === 'referring' ? 'receiving' : 'referring' })),
        ),
    ],
    [
      'between other organisations',
      'parties',
      () => party('receiving', { organisation: 'https://third.example' }),
    ],
    ['of another referral', 'parties', () => ({ ...evidence, referralId: other.referralId })],
    [
      'with a message of another referral',
      'parties',
      () => withMessages((all) => [...all, other.messages[0] as EvidenceMessage]),
    ],
    [
      'without its first message',
      'chains',
      () => withMessages((all) => all.filter((_, i) => i !== at('referring', 1).index)),
    ],
    [
      'with a message twice',
      'chains',
      () => withMessages((all) => [...all, at('referring', 2).message]),
    ],
    [
      'without what the other side had read',
      'seen',
      () => withMessages((all) => all.filter((_, i) => i !== at('referring', 2).index)),
    ],
    [
      'with a placed message laid aside',
      'set-aside',
      () => replaced('receiving', 2, { placement: 'parked' }),
    ],
    [
      'with a placed message called a fork',
      'set-aside',
      () => replaced('receiving', 2, { placement: 'fork' }),
    ],
    [
      'with the receipts of two messages exchanged',
      'receipts',
      () => replaced('referring', 1, { receipt: at('referring', 2).message.receipt }),
    ],
    [
      'with a receipt bent',
      'receipts',
      () =>
        replaced('referring', 1, { receipt: flipped(at('referring', 1).message.receipt ?? '', 2) }),
    ],
    [
      'with a receipt of the other side',
      'receipts',
      () => replaced('referring', 1, { receipt: at('receiving', 1).message.receipt }),
    ],
    [
      'without the newest message, of which a receipt knows',
      'heads',
      () =>
        withMessages((all) =>
          all
            .filter((_, i) => i !== at('receiving', 2).index)
            .map((m, i) => (i === at('referring', 2).index ? { ...m, receipt: later ?? null } : m)),
        ),
    ],
    ['with another status', 'state', () => ({ ...evidence, status: 'accepted' })],
    ['with another state', 'state', () => ({ ...evidence, stateDigest: 'a'.repeat(64) })],
  ])('%s fails at %s', async (_, check, change) => {
    later ??= await laterReceipt();
    expect(await failsAt(await change())).toBe(check);
  });

  /** A receipt for message 2 of ours that was given after the partner's second. */
  let later: string | undefined;
  async function laterReceipt(): Promise<string> {
    const { stored } = await pair.receiving.open(referralId);
    const mine = stored.messages.filter((m) => m.author === 'own');
    const second = stored.messages.find((m) => m.author === 'peer' && m.seq === 2);
    const head = { seq: 2, digest: mine[1]?.digest ?? '' };
    const { envelope } = codec.decodeMessage(
      Buffer.from(second?.jws.split('.')[1] ?? '', 'base64url'),
    );
    return signReceipt(pair.receiving.exchange.context, {
      receiver: IDS.receiving,
      sender: IDS.referring,
      referralId,
      messageId: envelope.messageId,
      seq: 2,
      messageDigest: second?.digest ?? '',
      receivedAt: 1,
      verdict: 'taken',
      sectionsTaken: [],
      head,
    });
  }

  it('laid aside: a message that is neither proof of a fork nor a withdrawal fails', async () => {
    const whole = await aside();
    const index = whole.messages.findIndex((m) => m.placement === 'fork');
    const fork = whole.messages[index] as EvidenceMessage;
    const called = {
      ...whole,
      messages: whole.messages.with(index, { ...fork, placement: 'parked' as const }),
    };
    expect(await failsAt(called)).toBe('set-aside');
    // Left out, the other one shows no fork: another state.
    const without = { ...whole, messages: whole.messages.filter((_, i) => i !== index) };
    expect(await failsAt(without)).toBe('state');
  });
});

describe('a file made of nothing, with keys of one’s own', () => {
  it('passes no further than to say whose keys nobody knows', async () => {
    const keys = { referring: await createSigningKey(), receiving: await createSigningKey() };
    const forged = await forgedWith(keys);
    const report = await verifyEvidence(codec, forged);
    expect(report.ok).toBe(true);
    expect(report.checks.find(({ check }) => check === 'statements')?.detail).toBe(
      'not judged: no anchor was given',
    );
    expect(whoseKeys(report)).toHaveLength(2);
    expect(report.keys.map(({ kid }) => kid).toSorted()).toEqual(
      [keys.referring.kid, keys.receiving.kid].toSorted(),
    );
  });

  it('fails as soon as one message is another’s own', async () => {
    const keys = { referring: await createSigningKey(), receiving: await createSigningKey() };
    const forged = await forgedWith(keys);
    const [real] = evidence.messages;
    expect(await failsAt({ ...forged, messages: [real, ...forged.messages.slice(1)] })).toBe(
      'signatures',
    );
  });

  async function forgedWith(keys: Record<Side, SigningKey>): Promise<Evidence> {
    const id = other.referralId;
    const now = Math.floor(pair.clock.now() / 1000);
    const from = (side: Side, to: Side) => ({
      organisation: IDS[side],
      signingKey: keys[side],
      to: { organisation: IDS[to], sealingKey: pair[to].member.sealingKey },
      nowSeconds: now,
    });
    const draft = requestDraft(pair.clock);
    const parts = { body: draft.body, grants: [...draft.grants], sections: ['minimum' as const] };
    const first = await forge(from('referring', 'receiving'), id, { own: [], theirs: [] }, parts);
    const entry = {
      digest: first.digest,
      envelope: envelopeOf(first.message),
      content: contentOf(first.message),
    };
    const state = fold({ referring: [entry], receiving: [], loose: [], forks: [] });
    return {
      ...other,
      referring: {
        organisation: IDS.referring,
        messageKeys: [keys.referring.publicJwk],
        statements: [],
      },
      receiving: {
        organisation: IDS.receiving,
        messageKeys: [keys.receiving.publicJwk],
        statements: [],
      },
      messages: [{ side: 'referring', placement: 'placed', jws: first.jws, receipt: null }],
      status: state.status,
      stateDigest: stateDigest(state),
    };
  }
});

function envelopeOf({
  sections: _,
  grants: __,
  body: ___,
  ...envelope
}: Parameters<typeof codec.encodeMessage>[0]) {
  return envelope;
}

function contentOf({ sections, grants, body }: Parameters<typeof codec.encodeMessage>[0]) {
  return { sections, grants, body };
}

function mixed(payload: string, signature: string): string {
  return [...payload.split('.').slice(0, 2), signature.split('.')[2]].join('.');
}

function whoseKeys(report: EvidenceReport): string[] {
  return report.notVerifiable.filter((line) => line.startsWith('Whose keys those of the'));
}
