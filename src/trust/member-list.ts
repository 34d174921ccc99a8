// The live members, as their statements were last verified: asked for at start
// and every few minutes, kept for a start without the registry.
import { setTimeout as sleep } from 'node:timers/promises';

import { sha256 } from '#crypto/digest.ts';
import { type Clock, nowSeconds } from '#model/clock.ts';
import { limits } from '#model/limits.ts';
import type { Log } from '#model/log.ts';
import { Refusal } from '#model/refusal.ts';

import { KeyCache } from './key-cache.ts';
import type { Member } from './member.ts';
import { identifiersOf, readMember } from './read-member.ts';
import {
  type Endpoints,
  type FetchStatements,
  readChainOf,
  readEndpoints,
  readMemberIds,
} from './registry-reader.ts';
import { formatCachedChains, readCachedChains, type StatementCache } from './statement-cache.ts';
import { codesOf, TrustFailure } from './trust-failure.ts';
import { type Anchor, verifyChain } from './verify-chain.ts';

export type MemberListParts = {
  anchor: Anchor;
  fetchStatements: FetchStatements;
  cache: StatementCache;
  clock: Clock;
  log: Log;
  refreshMs?: number;
};

type Entry = { member: Member; chain: readonly string[]; digest: string };

export class MemberList {
  readonly #parts: MemberListParts;
  readonly #keys = new KeyCache();
  readonly #listeners = new Set<() => void>();
  readonly #stopped = new AbortController();
  #entries = new Map<string, Entry>();
  #byPin = new Map<string, Entry>();
  /** Digest of what listeners were last told. */
  #told = '';
  /** What the cache holds. */
  #kept = '';
  #answeredAtMs: number | null = null;
  #pass: Promise<boolean> | undefined;
  #loop: Promise<void> = Promise.resolve();

  private constructor(parts: MemberListParts) {
    this.#parts = parts;
  }

  /** What the cache holds and still verifies; the registry is not asked yet. */
  static async open(parts: MemberListParts): Promise<MemberList> {
    const list = new MemberList(parts);
    const entries = new Map<string, Entry>();
    const owners = new Map<string, string>();
    for (const [organisation, chain] of await readCachedChains(parts.cache, parts.log)) {
      await list.#take(entries, organisation, chain, owners);
    }
    list.#replace(entries);
    return list;
  }

  /** One pass, waited for, then one every few minutes until it is disposed of. */
  async start(): Promise<void> {
    await this.refresh();
    this.#loop = this.#repeat();
  }

  /** The live member; one past its time is none. */
  find(organisation: string): Member | undefined {
    return this.#live(this.#entries.get(organisation));
  }

  /** By the SHA-256 of a TLS public key, base64url. */
  findByPin(spkiDigest: string): Member | undefined {
    return this.#live(this.#byPin.get(spkiDigest));
  }

  /** Its statements, its own first, its anchor's last; empty for one that is not live. */
  chainOf(organisation: string): readonly string[] {
    const entry = this.#entries.get(organisation);
    return entry && this.#live(entry) ? entry.chain : [];
  }

  /** When the registry last answered the whole of a pass, by this process; null for never. */
  get answeredAtMs(): number | null {
    return this.#answeredAtMs;
  }

  all(): Member[] {
    return [...this.#entries.values()].flatMap((entry) => this.#live(entry) ?? []);
  }

  /** Called after a member came, went or changed; returns how to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Asks the registry now. False, and the members stay as they are, if it could not be asked. */
  refresh(): Promise<boolean> {
    this.#pass ??= this.#refreshOnce().finally(() => {
      this.#pass = undefined;
    });
    return this.#pass;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    await Promise.allSettled([this.#pass, this.#loop]);
  }

  async #refreshOnce(): Promise<boolean> {
    const { anchor, fetchStatements, log, clock } = this.#parts;
    try {
      const expected = { anchor, nowSeconds: nowSeconds(clock) };
      const endpoints = await readEndpoints(fetchStatements, expected);
      const organisations = await readMemberIds(fetchStatements, endpoints);
      const { chains, isWhole } = await this.#fetchChains(organisations, endpoints);
      if (this.#stopped.signal.aborted) return false; // what is missing was not asked for
      await this.#judge(organisations, chains);
      if (isWhole) this.#answeredAtMs = clock.now();
      else log.warn('members.refresh-cut');
      return isWhole;
    } catch (cause) {
      // An error of a bug or of the disk, too: the members that we have must not be lost by it.
      log.warn('members.refresh-failed', codesOf(cause));
      this.#replace(this.#entries);
      return false;
    }
  }

  // Bounded: this many requests under way at once, one for each member; and a
  // registry that does not answer in time is not waited for ten thousand times.
  async #fetchChains(organisations: readonly string[], endpoints: Endpoints) {
    let timeouts = 0;
    const chains = new Map<string, readonly string[]>();
    const { anchor, fetchStatements, log } = this.#parts;
    const queue = organisations.values();
    const work = async () => {
      for (const subject of queue) {
        if (this.#stopped.signal.aborted) return;
        try {
          if (timeouts >= limits.fetchTimeoutsMax) throw notAsked();
          chains.set(subject, await readChainOf(fetchStatements, endpoints, { subject, anchor }));
          timeouts = 0;
        } catch (cause) {
          timeouts += cause instanceof Refusal && cause.code === 'TIMED_OUT' ? 1 : 0;
          log.warn('members.chain-missing', { organisation: subject, ...codesOf(cause) });
          // Gone between the list and this question: it counts as gone.
          const isGone = cause instanceof Refusal && cause.code === 'NOT_FOUND';
          const kept = this.#entries.get(subject)?.chain;
          if (kept && !isGone) chains.set(subject, kept);
        }
      }
    };
    await Promise.all(Array.from({ length: limits.fetchBudgetMax }, work));
    return { chains, isWhole: timeouts < limits.fetchTimeoutsMax };
  }

  // Held members first, so that nobody takes a key or a pin by publishing it as its own.
  async #judge(organisations: readonly string[], chains: ReadonlyMap<string, readonly string[]>) {
    const entries = new Map<string, Entry>();
    const isHeld = (organisation: string) => this.#entries.has(organisation);
    const inOrder = [
      ...organisations.filter(isHeld),
      ...organisations.filter((organisation) => !isHeld(organisation)),
    ];
    // What stood before reserves its identifiers, unless its owner is gone.
    const held = new Map(organisations.flatMap((id) => this.#heldIdentifiers(id)));
    for (const organisation of inOrder) {
      const chain = chains.get(organisation);
      if (!chain) continue;
      const isTaken = await this.#take(entries, organisation, chain, held);
      const before = this.#entries.get(organisation);
      // A new chain that fails does not end a good one before its time.
      if (!isTaken && before && before.chain !== chain && this.#live(before)) {
        entries.set(organisation, before);
      }
    }
    this.#replace(entries);
    const text = formatCachedChains(this.#entries);
    if (text === this.#kept) return;
    await this.#parts.cache.write(text);
    this.#kept = text;
  }

  #heldIdentifiers(organisation: string): [string, string][] {
    const entry = this.#entries.get(organisation);
    return (entry ? identifiersOf(entry.member) : []).map((id) => [id, organisation]);
  }

  async #take(
    entries: Map<string, Entry>,
    organisation: string,
    chain: readonly string[],
    owners: Map<string, string>,
  ): Promise<boolean> {
    try {
      const entry = await this.#verify(organisation, chain);
      for (const identifier of identifiersOf(entry.member)) {
        if ((owners.get(identifier) ?? organisation) !== organisation) {
          throw new TrustFailure('key-claimed', 'A key or certificate is another member’s.');
        }
      }
      for (const identifier of identifiersOf(entry.member)) owners.set(identifier, organisation);
      entries.set(organisation, entry);
      return true;
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause;
      this.#parts.log.warn('members.chain-refused', { organisation, ...codesOf(cause) });
      return false;
    }
  }

  async #verify(subject: string, chain: readonly string[]): Promise<Entry> {
    const before = this.#entries.get(subject);
    const isSame = before?.chain.every((jws, index) => jws === chain[index]);
    // The same bytes verify the same, but for the time.
    if (before && isSame && before.chain.length === chain.length && this.#live(before)) {
      return before;
    }
    const now = nowSeconds(this.#parts.clock);
    const expected = { subject, anchor: this.#parts.anchor, nowSeconds: now };
    const verified = await verifyChain(chain, expected, this.#keys);
    const member = await readMember(verified, now, this.#keys);
    const digest = sha256(JSON.stringify([subject, verified.metadata]));
    return { member, chain, digest };
  }

  #replace(entries: Map<string, Entry>): void {
    const { log } = this.#parts;
    const live = new Map([...entries].filter(([, entry]) => this.#live(entry)));
    for (const organisation of this.#entries.keys()) {
      if (live.has(organisation)) continue;
      log.warn(entries.has(organisation) ? 'members.stale' : 'members.removed', { organisation });
    }
    for (const organisation of live.keys()) {
      if (!this.#entries.has(organisation)) log.info('members.added', { organisation });
    }
    this.#entries = live;
    this.#byPin = new Map(
      [...live.values()].flatMap((entry) => entry.member.pins.map((pin) => [pin, entry] as const)),
    );
    const digest = [...live.values()].map((entry) => entry.digest).join();
    if (digest === this.#told) return;
    this.#told = digest;
    for (const listener of this.#listeners) listener();
  }

  #live(entry: Entry | undefined): Member | undefined {
    const isLive = entry && entry.member.validUntilSeconds > nowSeconds(this.#parts.clock);
    return isLive ? entry.member : undefined;
  }

  async #repeat(): Promise<void> {
    const { refreshMs = limits.memberRefreshMs } = this.#parts;
    let failures = 0;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const backoffMs = limits.refreshBackoffMs[failures - 1] ?? refreshMs;
      const delayMs = failures > 0 ? Math.min(backoffMs, refreshMs) : refreshMs;
      // Jitter, so that a federation does not ask in step.
      await sleep(delayMs * (0.8 + 0.4 * Math.random()), undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      failures = (await this.refresh()) ? 0 : failures + 1;
    }
  }
}

function notAsked(): Refusal {
  return new Refusal(
    'UNAVAILABLE',
    'The registry is too slow: the rest is asked in the next pass.',
  );
}
