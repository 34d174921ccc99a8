// A referral as evidence: both chains as they were signed, the receipts, and the
// keys to verify them with. No section is in it. Format: docs/evidence.md.
import { z } from 'zod';

import { exportVerifyKey, type VerifyKey } from '#crypto/keys.ts';
import { nowSeconds } from '#model/clock.ts';
import { STATUSES } from '#model/crossing.ts';
import { limits } from '#model/limits.ts';
import { Envelope, entityId } from '#model/message.ts';
import { pathText } from '#model/plan/field-path.ts';
import { Refusal } from '#model/refusal.ts';
import type { Side } from '#model/track.ts';
import { otherSide } from '#model/track.ts';
import type { ExchangeContext } from './context.ts';
import { openReferral, sideOf } from './open-referral.ts';
import { stateDigest } from './state-digest.ts';

const jws = z.string().max(limits.messageJwsBytesMax);
const seconds = z.int().min(0);

const Party = z.strictObject({
  organisation: entityId,
  /** Ed25519, as the member published them. */
  messageKeys: z.array(z.looseObject({ kid: z.string() })).max(2 * limits.messageKeysMax),
  /** Entity statements from the member up to its anchor; empty where none were kept. */
  statements: z.array(z.string().max(limits.statementBytesMax)).max(limits.chainDepthMax + 2),
});

const EvidenceMessage = z.strictObject({
  side: z.enum(['referring', 'receiving']),
  /** placed: in its chain. parked: an early withdrawal. fork: second with its number. */
  placement: z.enum(['placed', 'parked', 'fork']),
  jws,
  receipt: z.string().max(limits.receiptJwsBytesMax).nullable(),
});

export const Evidence = z.strictObject({
  srxEvidence: z.literal(1),
  referralId: Envelope.shape.referralId,
  exportedAt: seconds,
  exportedBy: entityId,
  referring: Party,
  receiving: Party,
  messages: z
    .array(EvidenceMessage)
    .min(1)
    .max(2 * (limits.messagesPerChainMax + limits.parkedPerReferralMax)),
  /** What the exporting node folded, to be compared. */
  status: z.enum(STATUSES),
  stateDigest: z.string().regex(/^[0-9a-f]{64}$/),
});
export type Evidence = z.infer<typeof Evidence>;
export type EvidenceMessage = z.infer<typeof EvidenceMessage>;

/** @throws Refusal SCHEMA_VIOLATION that names the first field at fault. */
export function parseEvidence(value: unknown): Evidence {
  const parsed = Evidence.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = pathText(parsed.error.issues[0]?.path ?? []) || 'the whole file';
  throw new Refusal(
    'SCHEMA_VIOLATION',
    `This is not evidence of a referral, first at ${where}: export it again (docs/evidence.md).`,
  );
}

/**
 * @param statementsOf entity statements of a member, its own first, its anchor's last
 * @throws Refusal NOT_FOUND
 */
export async function exportEvidence(
  context: ExchangeContext,
  referralId: string,
  statementsOf: (organisation: string) => readonly string[] = () => [],
): Promise<Evidence> {
  const stored = await context.store.load(referralId);
  const { row } = stored;
  if (!row) throw new Refusal('NOT_FOUND', 'referral_id: no such referral here.');
  const { side, state } = openReferral(stored, context.codec);
  const theirKeys = context.members.find(row.partner)?.messageKeys;
  const own = await party(context.organisation, await context.ownMessageKeys(), statementsOf);
  const partner = await party(row.partner, theirKeys, statementsOf);
  const parties: Record<Side, z.infer<typeof Party>> = side === 'referring'
    ? { referring: own, receiving: partner }
    : { referring: partner, receiving: own };
  return {
    srxEvidence: 1,
    referralId,
    exportedAt: nowSeconds(context.clock),
    exportedBy: context.organisation,
    ...parties,
    messages: stored.messages
      .map((message) => ({ ...message, side: sideOf(message.author, side) }))
      .toSorted((a, b) => rank(a.side) - rank(b.side) || a.seq - b.seq || rankOf(a) - rankOf(b))
      .map(({ side: by, placement, jws: bytes, receipt }) => {
        return { side: by, placement, jws: bytes, receipt };
      }),
    status: state.status,
    stateDigest: stateDigest(state),
  };
}

async function party(
  organisation: string,
  keys: ReadonlyMap<string, VerifyKey> | undefined,
  statementsOf: (organisation: string) => readonly string[],
): Promise<z.infer<typeof Party>> {
  const messageKeys = await Promise.all((keys ?? new Map()).values().map(exportVerifyKey));
  return { organisation, messageKeys, statements: [...statementsOf(organisation)] };
}

function rank(side: Side): number {
  return side === otherSide('receiving') ? 0 : 1;
}

function rankOf({ placement }: { placement: string }): number {
  return ['placed', 'parked', 'fork'].indexOf(placement);
}
