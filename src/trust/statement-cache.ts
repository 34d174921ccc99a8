// The last chains, kept as text so that a node can start without its registry.
// The keeper needs no trust: what it gives back is verified like anything else.
import { z } from 'zod';

import { limits } from '#model/limits.ts';
import type { Log } from '#model/log.ts';
import { entityId } from '#model/message.ts';

export interface StatementCache {
  /** What was last written; undefined if there is nothing. */
  read(): Promise<string | undefined>;
  /** Whole or not at all. */
  write(text: string): Promise<void>;
}

const chain = z.array(z.string().max(limits.statementBytesMax)).max(limits.chainDepthMax + 2);
const Kept = z.strictObject({
  srx: z.literal('statements'),
  version: z.literal(1),
  chains: z.array(z.tuple([entityId, chain])).max(limits.membersMax),
});

/** Never throws for what it finds: without a cache the node waits for the registry. */
export async function readCachedChains(
  cache: StatementCache,
  log: Log,
): Promise<ReadonlyMap<string, readonly string[]>> {
  try {
    const text = await cache.read();
    if (text === undefined) return new Map();
    return new Map(Kept.parse(JSON.parse(text)).chains);
  } catch {
    log.warn('members.cache-unreadable');
    return new Map();
  }
}

export function formatCachedChains(
  entries: ReadonlyMap<string, { chain: readonly string[] }>,
): string {
  const chains = [...entries].map(([organisation, { chain: jwss }]) => [organisation, jwss]);
  return JSON.stringify({ srx: 'statements', version: 1, chains });
}
