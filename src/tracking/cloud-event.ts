// A tracking event on its way out: CloudEvents 1.0, structured JSON, by an
// allow-list of properties. The gate is here: nothing else can be published.
import { z } from 'zod';

import { limits } from '#model/limits.ts';
import { entityId } from '#model/message.ts';
import { Refusal } from '#model/refusal.ts';
import { TrackingEvent } from '#model/tracking-event.ts';

export const REFERRAL_SUBJECTS = 'srx.v1.referral.>';
export const SUBJECT_PREFIX = 'srx.v1.referral.';

/** CloudEvents 1.0 section 3.1 and 3.2; `type` is also the subject on NATS. */
export const CloudEvent = z.strictObject({
  specversion: z.literal('1.0'),
  id: TrackingEvent.shape.eventId,
  /** Entity id of the organisation whose node says it. */
  source: entityId,
  type: z.enum(TrackingEvent.shape.what.options.map((what) => `${SUBJECT_PREFIX}${what}` as const)),
  /** The referral. */
  subject: TrackingEvent.shape.referralId,
  time: z.iso.datetime({ precision: 3 }),
  datacontenttype: z.literal('application/json'),
  data: TrackingEvent.pick({
    partner: true,
    step: true,
    seq: true,
    messageId: true,
    status: true,
  }),
});
type CloudEvent = z.infer<typeof CloudEvent>;

/** As published: message id, subject and JSON text. */
export type OutgoingEvent = { id: string; subject: string; json: string };

/** @throws Refusal SCHEMA_VIOLATION for anything beyond the allow-list. */
export function writeCloudEvent(event: TrackingEvent, source: string): OutgoingEvent {
  const checked = TrackingEvent.safeParse(event);
  if (!checked.success) throw notAnEvent(checked.error);
  const { eventId, timeMs, what, referralId, ...data } = checked.data;
  const type = `${SUBJECT_PREFIX}${what}` as const;
  const envelope: CloudEvent = {
    specversion: '1.0',
    id: eventId,
    source,
    type,
    subject: referralId,
    time: new Date(timeMs).toISOString(),
    datacontenttype: 'application/json',
    data,
  };
  const json = JSON.stringify(envelope);
  if (Buffer.byteLength(json) > limits.eventBytesMax) throw notAnEvent();
  return { id: eventId, subject: type, json };
}

/** @throws Refusal SCHEMA_VIOLATION; its message holds nothing of the text. */
export function readCloudEvent(json: string): { event: TrackingEvent; source: string } {
  if (Buffer.byteLength(json) > limits.eventBytesMax) throw notAnEvent();
  const parsed = CloudEvent.safeParse(parseJson(json));
  if (!parsed.success) throw notAnEvent(parsed.error);
  const { id, source, type, subject, time, data } = parsed.data;
  const event = TrackingEvent.safeParse({
    eventId: id,
    timeMs: Date.parse(time),
    what: type.slice(SUBJECT_PREFIX.length),
    referralId: subject,
    ...data,
  });
  if (!event.success) throw notAnEvent(event.error);
  return { event: event.data, source };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // The parser's own message quotes the text.
    throw notAnEvent();
  }
}

function notAnEvent(cause?: z.ZodError): Refusal {
  return new Refusal('SCHEMA_VIOLATION', 'An event is not a tracking event of SRX version 1.', {
    cause,
  });
}
