// A fact about progress with nothing personal in it: ids and codes, by an
// allow-list. Anything else is refused before it can reach the outbox.
import { z } from 'zod';

import { STATUSES } from './crossing.ts';
import { entityId, STEP_NAMES } from './message.ts';

const uuid = z.uuid();

/** Data of every event under srx.v1.referral.<what>. */
export const TrackingEvent = z.strictObject({
  /** UUIDv7; the CloudEvents id and the message id of the stream. */
  eventId: uuid,
  timeMs: z.int().min(0),
  what: z.enum([
    'step-sent', // own message stored, on its way
    'step-taken', // the partner's message stored
    'step-refused', // the partner's message refused
    'receipt-verified', // the partner has our message
    'interrupted', // a fork was found
    'not-delivered', // a message expired without a receipt
    'alarm', // the clock put a line into the inbox; the message is our newest one
  ]),
  referralId: uuid,
  partner: entityId,
  step: z.enum([...STEP_NAMES, 'unread']),
  seq: z.int().min(1),
  messageId: uuid,
  status: z.enum(STATUSES),
});
export type TrackingEvent = z.infer<typeof TrackingEvent>;
