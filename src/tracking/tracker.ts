// Follows the node's own events: a durable consumer that hands each new one, once,
// to those who listen. What SQL has not seen as handled is not lost by a crash.
import type { Log } from '#model/log.ts';
import type { TrackingEvent } from '#model/tracking-event.ts';

import { REFERRAL_SUBJECTS, readCloudEvent } from './cloud-event.ts';
import type { EventStream, Outbox } from './ports.ts';

/** Called in order, after the event was marked as handled; must not wait. */
export type EventListener = (event: TrackingEvent, json: string) => void;

export type TrackerParts = {
  outbox: Outbox;
  stream: EventStream;
  log: Log;
  listeners: readonly EventListener[];
};

const TRACKER = 'tracker';

export function startTracker(parts: TrackerParts): AsyncDisposable {
  return parts.stream.consume(TRACKER, REFERRAL_SUBJECTS, (jsons) => handle(jsons, parts));
}

async function handle(jsons: string[], parts: TrackerParts): Promise<void> {
  const byId = new Map<string, { event: TrackingEvent; json: string }>();
  for (const json of jsons) {
    const event = readOrLog(json, parts.log);
    if (event) byId.set(event.eventId, { event, json });
  }
  if (byId.size === 0) return;
  for (const eventId of await parts.outbox.markHandled(TRACKER, [...byId.keys()])) {
    const found = byId.get(eventId);
    if (found) tell(found.event, found.json, parts);
  }
}

/** Unreadable will stay unreadable: said once, then acknowledged. */
function readOrLog(json: string, log: Log): TrackingEvent | undefined {
  try {
    return readCloudEvent(json).event;
  } catch {
    log.error('event-unreadable');
    return undefined;
  }
}

function tell(event: TrackingEvent, json: string, parts: TrackerParts): void {
  for (const listener of parts.listeners) {
    try {
      listener(event, json);
    } catch {
      parts.log.error('event-listener-failed', { eventId: event.eventId });
    }
  }
}
