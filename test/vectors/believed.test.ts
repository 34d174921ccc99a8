import { describe, expect, it } from 'vitest';

import { sha256 } from '#crypto/digest.ts';
import { readUnverifiedPayload, verifyJws } from '#crypto/jws.ts';
import { importVerifyKey } from '#crypto/keys.ts';
import { MESSAGE_TYP } from '#exchange/context.ts';
import { verifyReceipt } from '#exchange/receipt.ts';
import { stateDigest } from '#exchange/state-digest.ts';
import { limits } from '#model/limits.ts';
import { fold, type Verdict } from '#model/referral.ts';
import type { Entry } from '#model/thread.ts';
import { KeyCache } from '#trust/key-cache.ts';
import { readMember } from '#trust/read-member.ts';
import { verifyChain } from '#trust/verify-chain.ts';
import { codec } from '#wire/codec.ts';
import type { ChainsVector } from './families/chains.ts';
import type { ReceiptsVector } from './families/receipts.ts';
import type { MemberExpect, StatementsVector } from './families/statement-drafts.ts';
import { readFamily } from './families.ts';
import { codeUnder } from './outcome.ts';
import { parties } from './parties.ts';
import { textOf } from './vector.ts';

const receipts = await readFamily<ReceiptsVector>('receipts');
const statements = await readFamily<StatementsVector>('statements');
const chains = await readFamily<ChainsVector>('chains');

describe('receipts.json', () => {
  it.each(receipts.vectors)('$check $name', async (vector) => {
    const { homeward } = await parties();
    const { message: jws, receipt } = vector.input;
    const { envelope } = codec.decodeMessage(readUnverifiedPayload(jws));
    const found = await codeUnder(vector, () =>
      verifyReceipt({ codec }, textOf(receipt), homeward.member.messageKeys, { jws, envelope }),
    );
    const { expect: expected } = vector;
    if ('receipt' in expected) expect(found).toEqual({ value: expected.receipt });
    else expect(found).toMatchObject(expected);
    expect('receipt' in expected).toBe(vector.valid);
  });
});

describe('statements.json', () => {
  it.each(statements.vectors)('$check $name', async (vector) => {
    const { chain, subject, anchor, now: nowSeconds } = vector.input;
    const keys = await Promise.all(anchor.keys.map(importVerifyKey));
    const jwss = chain.map((one) =>
      typeof one === 'string' ? (statements.signed?.[one] ?? '') : textOf(one),
    );
    const cache = new KeyCache();
    const found = await codeUnder(vector, async () => {
      const expected = { subject, anchor: { entityId: anchor.entityId, keys }, nowSeconds };
      const member = await readMember(await verifyChain(jwss, expected, cache), nowSeconds, cache);
      const { messageKeys, sealingKey, certificates: _, ...more } = member;
      // Said by the registry besides; no rule of verifying reads them.
      const { keyAttestations: __, isStateRun: ___, ...rest } = more;
      const read: MemberExpect = {
        ...rest,
        messageKids: [...messageKeys.keys()],
        sealingKid: sealingKey.kid,
      };
      return read;
    });
    const { expect: expected } = vector;
    if ('member' in expected) expect(found).toEqual({ value: expected.member });
    else expect(found).toEqual(expected);
    expect('member' in expected).toBe(vector.valid);
  });
});

describe('chains.json', () => {
  const entryOf = (digest: string): Entry => {
    const jws = chains.signed?.[digest] ?? '';
    const { envelope, content } = codec.decodeMessage(readUnverifiedPayload(jws));
    return { digest: sha256(jws), envelope, content };
  };

  it.each(chains.vectors)('$check $name', ({ input, expect: expected, valid }) => {
    const state = fold({
      referring: input.referring.map(entryOf),
      receiving: input.receiving.map(entryOf),
      loose: input.loose.map(({ side, digest }) => ({ side, entry: entryOf(digest) })),
      forks: input.forks,
    });
    const words = (list: readonly Verdict[]) => list.map(({ verdict }) => verdict);
    const verdicts = {
      referring: words(state.verdicts.referring),
      receiving: words(state.verdicts.receiving),
    };
    const { status, travellingWithoutReceiver, openQuestions } = state;
    expect({
      status,
      travellingWithoutReceiver,
      openQuestions,
      verdicts,
      state: { ...state, verdicts },
      stateDigest: stateDigest(state),
    }).toEqual(expected);
    const count = verdicts.referring.length + verdicts.receiving.length;
    const isWhole = count === input.referring.length + input.receiving.length;
    const all = [...verdicts.referring, ...verdicts.receiving];
    expect(isWhole && all.every((word) => word === 'counts')).toBe(valid);
  });

  it('has only messages that their authors signed, each under its digest', async () => {
    const { harbour, homeward } = await parties();
    for (const [digest, jws] of Object.entries(chains.signed ?? {})) {
      expect(sha256(jws)).toBe(digest);
      const { from } = entryOf(digest).envelope;
      const author = from === harbour.organisation ? harbour : homeward;
      const [key] = author.member.messageKeys.values();
      if (!key) throw new Error('every party has a message key');
      await verifyJws(jws, MESSAGE_TYP, key, limits.messageJwsBytesMax);
    }
  });

  it('has the very value of the state that is hashed', () => {
    for (const { expect: expected } of chains.vectors) {
      const hash = sha256(JSON.stringify(sorted(expected.state)));
      expect(Buffer.from(hash, 'base64url').toString('hex')).toBe(expected.stateDigest);
    }
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, item]) => [name, sorted(item)]));
}
