// Live views: each watcher gets the events of one referral, or of all, as they
// come; after an event id it first gets what it missed, from the outbox.
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

import { writeCloudEvent } from './cloud-event.ts';
import type { Outbox } from './ports.ts';
import type { EventListener } from './tracker.ts';

export type WatchRequest = {
  referralId?: string | undefined;
  /** The last event that the watcher has read. */
  afterEventId?: string | undefined;
  signal: AbortSignal;
};

export type Watchers = {
  /** For the tracker's list of listeners. */
  listener: EventListener;
  /**
   * CloudEvents as JSON text, until the signal or the end of the node.
   * @throws Refusal RATE_LIMITED: too many watchers, or this one reads too
   * slowly; NOT_FOUND: the event id is unknown.
   */
  watch(request: WatchRequest): AsyncGenerator<string, void, void>;
  /** Ends every watcher. */
  close(): void;
};

type Watcher = {
  referralId: string | undefined;
  queue: { eventId: string; json: string }[];
  /** Wakes the reader. */
  ring: () => void;
  tooSlow: boolean;
  ended: boolean;
};

export function createWatchers(parts: { outbox: Outbox; source: string }): Watchers {
  const watchers = new Set<Watcher>();
  return {
    listener: (event, json) => {
      for (const watcher of watchers) {
        if (watcher.referralId && watcher.referralId !== event.referralId) continue;
        offer(watcher, event.eventId, json);
      }
    },
    async *watch(request) {
      if (watchers.size >= limits.watchersMax) {
        throw new Refusal('RATE_LIMITED', 'Too many watchers at once: end one, then try again.');
      }
      const watcher = newWatcher(request.referralId);
      const onAbort = () => end(watcher);
      // Listening begins before the outbox is read, so nothing falls between.
      watchers.add(watcher);
      request.signal.addEventListener('abort', onAbort);
      if (request.signal.aborted) onAbort();
      try {
        const told = new Set<string>();
        if (request.afterEventId) {
          const missed = readMissed(parts, request.afterEventId, request.referralId);
          for await (const { eventId, json } of missed) {
            if (watcher.ended) return;
            remember(told, eventId);
            yield json;
          }
        }
        yield* readLive(watcher, told);
      } finally {
        watchers.delete(watcher);
        request.signal.removeEventListener('abort', onAbort);
      }
    },
    close: () => {
      for (const watcher of watchers) end(watcher);
    },
  };
}

function newWatcher(referralId: string | undefined): Watcher {
  return { referralId, queue: [], ring: () => {}, tooSlow: false, ended: false };
}

function offer(watcher: Watcher, eventId: string, json: string): void {
  if (watcher.ended) return;
  if (watcher.queue.length >= limits.watchQueueMax) {
    watcher.tooSlow = true;
    end(watcher);
    return;
  }
  watcher.queue.push({ eventId, json });
  watcher.ring();
}

function end(watcher: Watcher): void {
  watcher.ended = true;
  watcher.ring();
}

async function* readMissed(
  parts: { outbox: Outbox; source: string },
  afterEventId: string,
  referralId: string | undefined,
): AsyncGenerator<{ eventId: string; json: string }, void, void> {
  const start = await parts.outbox.findPosition(afterEventId);
  if (start === null) {
    throw new Refusal(
      'NOT_FOUND',
      'after_event_id: no event of this node, or too old; leave it out to watch from now on.',
    );
  }
  for (let position = start; ; ) {
    const rows = await parts.outbox.eventsAfter(position, limits.outboxBatchMax);
    for (const row of rows) {
      position = row.position;
      if (referralId && row.event.referralId !== referralId) continue;
      const { id, json } = writeCloudEvent(row.event, parts.source);
      yield { eventId: id, json };
    }
    if (rows.length < limits.outboxBatchMax) return;
  }
}

/** Only the newest ids can still come live; the oldest are forgotten. */
function remember(told: Set<string>, eventId: string): void {
  told.add(eventId);
  if (told.size <= limits.watchToldMax) return;
  for (const oldest of told) {
    told.delete(oldest);
    return;
  }
}

async function* readLive(watcher: Watcher, told: Set<string>): AsyncGenerator<string, void, void> {
  for (;;) {
    if (watcher.tooSlow) {
      throw new Refusal(
        'RATE_LIMITED',
        'This watcher reads too slowly: watch again after the last event id that it has read.',
      );
    }
    if (watcher.ended) return;
    const next = watcher.queue.shift();
    if (next) {
      if (!told.delete(next.eventId)) yield next.json;
      continue;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    watcher.ring = resolve;
    await promise;
  }
}
