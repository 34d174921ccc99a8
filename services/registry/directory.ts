// The members and their newest configurations, as the running registry has them:
// read again when members.json changes, refreshed from the members themselves.
import type { Clock } from '#model/clock.ts';
import { limits } from '#model/limits.ts';
import type { Log } from '#model/log.ts';
import { codesOf } from '#trust/trust-failure.ts';

import {
  fetchConfiguration,
  issuedAt,
  newestConfiguration,
  readKeptConfigurations,
  writeKeptConfigurations,
} from './configurations.ts';
import {
  claim,
  type MemberRecord,
  membersVersion,
  type Owners,
  readMembers,
} from './member-file.ts';
import type { Statements } from './statements.ts';

export type DirectoryParts = {
  folder: string;
  statements: Statements;
  clock: Clock;
  log: Log;
  /** What no member may claim: the registry's own keys. */
  reserved: Owners;
};

type Listed = { record: MemberRecord; configuration: string };

export class Directory {
  readonly #parts: DirectoryParts;
  #members: ReadonlyMap<string, Listed> = new Map();
  #version = '';
  #refreshing: Promise<void> | undefined;

  private constructor(parts: DirectoryParts) {
    this.#parts = parts;
  }

  static async open(parts: DirectoryParts): Promise<Directory> {
    const directory = new Directory(parts);
    await directory.members();
    return directory;
  }

  /** As admitted at this moment: the file is looked at with every call. */
  async members(): Promise<ReadonlyMap<string, Listed>> {
    const { folder, log } = this.#parts;
    const version = await membersVersion(folder);
    if (version !== this.#version) {
      const records = await readMembers(folder);
      const kept = new Map(await readKeptConfigurations(folder));
      // What is in memory may be newer than the file, if that could not be written.
      for (const [entityId, { configuration }] of this.#members) kept.set(entityId, configuration);
      this.#members = new Map(
        records.map((record) => {
          const configuration = newestConfiguration(record, kept);
          return [record.entityId, { record, configuration }];
        }),
      );
      this.#version = version;
      log.info('registry.members', { count: records.length });
    }
    return this.#members;
  }

  /** Asks every member for its configuration, some at once. One that fails stays as it was. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refreshOnce().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refreshOnce(): Promise<void> {
    const members = await this.members();
    const owners: Owners = new Map(this.#parts.reserved);
    for (const [entityId, { configuration }] of members) {
      this.#judge(entityId, () => claim(owners, { entityId, jws: configuration }));
    }
    const renewed = new Map<string, string>();
    const queue = members.values();
    const work = async () => {
      for (const listed of queue) {
        const { entityId } = listed.record;
        const jws = await this.#askMember(listed);
        if (jws === undefined || jws === listed.configuration) continue;
        if (this.#judge(entityId, () => claim(owners, { entityId, jws })))
          renewed.set(entityId, jws);
      }
    };
    await Promise.all(Array.from({ length: limits.fetchBudgetMax }, work));
    if (renewed.size > 0) await this.#keep(renewed);
  }

  async #askMember({ record, configuration }: Listed): Promise<string | undefined> {
    const { statements, log } = this.#parts;
    try {
      const jws = await fetchConfiguration(record.entityId, configuration);
      if (jws === configuration) return jws;
      await statements.verify(record, jws);
      // Somebody between could play an old one back, with keys that are retired since.
      return issuedAt(jws) >= issuedAt(configuration) ? jws : undefined;
    } catch (cause) {
      log.warn('registry.configuration-missing', {
        organisation: record.entityId,
        ...codesOf(cause),
      });
      return undefined;
    }
  }

  async #keep(renewed: ReadonlyMap<string, string>): Promise<void> {
    const members = new Map(await this.members());
    for (const [entityId, configuration] of renewed) {
      const listed = members.get(entityId);
      // It may have been removed, or admitted anew, while it was asked.
      if (!listed) continue;
      const { record } = listed;
      const newest = newestConfiguration(record, new Map([[entityId, configuration]]));
      members.set(entityId, { record, configuration: newest });
    }
    this.#members = members;
    const all = [...members].map(
      ([entityId, { configuration }]) => [entityId, configuration] as const,
    );
    await writeKeptConfigurations(this.#parts.folder, new Map(all));
  }

  #judge(organisation: string, act: () => void): boolean {
    try {
      act();
      return true;
    } catch (cause) {
      this.#parts.log.warn('registry.configuration-refused', { organisation, ...codesOf(cause) });
      return false;
    }
  }
}
