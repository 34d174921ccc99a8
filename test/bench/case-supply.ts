// Cases for the handovers to come, a person each: imported before they are
// needed, so that their import is no part of a measurement.
import { ORGANISATIONS } from '#deploy/demo/federation.ts';
import type { CaseworkClient } from '#wire/contracts/casework.ts';
import { benchCase } from './handover.ts';
import { lanes } from './lanes.ts';

const AT_ONCE = 32;

export class CaseSupply {
  readonly #client: CaseworkClient;
  #made = 0;
  #taken = 0;

  constructor(client: CaseworkClient) {
    this.#client = client;
  }

  /** Imports so many that `count` of them are left. */
  async fill(count: number): Promise<void> {
    const wanted = this.#taken + count;
    await lanes(
      AT_ONCE,
      () => this.#made < wanted,
      async () => {
        const localCode = codeOf(this.#made++);
        const partner = ORGANISATIONS.receiving.organisation;
        const caseFile = JSON.stringify(benchCase(localCode, partner, Date.now()));
        await this.#client.importCase({ caseFile: new TextEncoder().encode(caseFile) });
      },
    );
  }

  get isEmpty(): boolean {
    return this.#taken === this.#made;
  }

  /** The local code of the next one. */
  take(): string {
    if (this.isEmpty) throw new Error('no case is left');
    return codeOf(this.#taken++);
  }
}

function codeOf(index: number): string {
  return `TEST-BENCH-${index}`;
}
