// ExchangeService in the form of the model: one schema for every request and
// every answer, held to its proto message by a test.
import { z } from 'zod';

import { limits } from '#model/limits.ts';
import { ChainPosition, Envelope } from '#model/message.ts';

const uuid4 = Envelope.shape.referralId;
const { digest } = ChainPosition.shape;

const parcel = z.string().min(1).max(limits.exchangeRequestBytesMax);
const message = z.string().min(1).max(limits.messageJwsBytesMax);
const receipt = z.string().max(limits.receiptJwsBytesMax);

const DeliverRequest = z.strictObject({ parcel });
const DeliverResponse = z.strictObject({ receipt: receipt.min(1) });

export const SyncRequest = z.strictObject({
  referrals: z
    .array(
      z.strictObject({
        referralId: uuid4,
        own: ChainPosition.optional(),
        read: ChainPosition.optional(),
        receiptsWanted: z.array(digest).max(limits.syncMessagesMax),
      }),
    )
    .max(limits.syncReferralsMax),
});

export const SyncResponse = z.strictObject({
  referrals: z
    .array(
      z.strictObject({
        referralId: uuid4,
        known: z.boolean(),
        head: ChainPosition.optional(),
        read: ChainPosition.optional(),
        yours: z.array(message).max(limits.syncMessagesMax),
        /** An empty receipt: none was given. */
        mine: z.array(z.strictObject({ parcel, receipt })).max(limits.syncMessagesMax),
        receipts: z.array(receipt.min(1)).max(limits.syncMessagesMax),
        more: z.boolean(),
      }),
    )
    .max(limits.syncReferralsMax),
});

const ListHeadsRequest = z.strictObject({ after: z.union([uuid4, z.literal('')]) });

export const ListHeadsResponse = z.strictObject({
  referrals: z
    .array(
      z.strictObject({
        referralId: uuid4,
        head: ChainPosition.optional(),
        read: ChainPosition.optional(),
        beside: z
          .int()
          .min(0)
          .max(4 * limits.parkedPerReferralMax),
      }),
    )
    .max(limits.headsPageMax),
  more: z.boolean(),
});

/** By the names of the methods in exchange_service.proto, first letter small. */
export const EXCHANGE_METHODS = {
  deliver: { request: DeliverRequest, response: DeliverResponse },
  sync: { request: SyncRequest, response: SyncResponse },
  listHeads: { request: ListHeadsRequest, response: ListHeadsResponse },
} as const;
