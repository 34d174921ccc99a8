// Many referrals at once through the casework API of both nodes, by clients
// that try an act again until it is acknowledged, and remember what was.
import { uuid4 } from '#crypto/digest.ts';
import { ORGANISATIONS } from '#deploy/demo/federation.ts';
import type { CaseFile } from '#model/case-file.ts';
import type { StepName } from '#model/message.ts';
import { Refusal } from '#model/refusal.ts';
import type { Side } from '#model/track.ts';
import type { CaseworkClient, CaseworkResponse } from '#wire/contracts/casework.ts';
import { type ChildWorld, exampleCase, SIDES } from './child-world.ts';
import type { Random } from './random.ts';
import { type Planned, RELEASE, roundsOf, withdrawal } from './rounds.ts';

/** What a node has told a client that it has. */
export type Acknowledged = {
  side: Side;
  step: StepName;
  referralId: string;
  messageId: string;
  seq: number;
};

export type Handovers = {
  acts: Acknowledged[];
  cases: string[];
  /** Answers that no client should ever get. */
  faults: string[];
};

export type HandoversOptions = {
  /** Asked with the number of acts acknowledged so far. */
  isEnough: (done: number) => boolean;
  atOnce: number;
  random: Random;
  /** Chance of a withdrawal in a referral; the rest go on to their end. */
  withdrawals: number;
  progress?: (done: number) => void;
};

type Outcome = CaseworkResponse<'act'>['outcome'];
type Call = (client: CaseworkClient, requestId: string) => Promise<{ outcome: Outcome }>;

const PATIENCE_MS = 60_000;
/** The node or its partner is away, or busy: the act may be tried again as it is. */
const TRY_AGAIN = ['UNAVAILABLE', 'TIMED_OUT', 'SYNC_FIRST', 'RATE_LIMITED'];

export async function runHandovers(
  world: ChildWorld,
  options: HandoversOptions,
): Promise<Handovers> {
  const done: Handovers = { acts: [], cases: [], faults: [] };
  const lane = async () => {
    while (!options.isEnough(done.acts.length) && done.faults.length === 0) {
      try {
        await new Referral(world, options, done).run();
      } catch (error) {
        done.faults.push(`a client saw ${said(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, lane));
  return done;
}

function said(error: unknown): string {
  if (error instanceof Refusal) return `${error.code}: ${error.message}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** One person's referral, taken on by its workers on both sides. */
export class Referral {
  readonly #world: ChildWorld;
  readonly #options: HandoversOptions;
  readonly #done: Handovers;
  #id = '';
  #caseFile: CaseFile | null = null;
  #rounds: Planned[][] = [];
  /** Once a person has withdrawn, any other step may rightly be refused. */
  #isWithdrawn = false;

  constructor(world: ChildWorld, options: HandoversOptions, done: Handovers) {
    this.#world = world;
    this.#options = options;
    this.#done = done;
  }

  get id(): string {
    return this.#id;
  }

  async run(): Promise<void> {
    const { random, withdrawals, isEnough } = this.#options;
    await this.open();
    const withdrawAt = random.chance(withdrawals) ? random.between(0, this.#rounds.length - 1) : -1;
    for (let at = 0; this.#rounds.length > 0; at += 1) {
      await this.goOn(1, at === withdrawAt ? [withdrawal(random.pick(SIDES))] : []);
      if (this.#isWithdrawn || isEnough(this.#done.acts.length)) return;
    }
  }

  /** So many rounds further; the acts of one are taken at once, so that they cross. */
  async goOn(rounds: number, also: readonly Planned[] = []): Promise<void> {
    for (const round of this.#rounds.splice(0, rounds)) {
      const acts = [...round, ...also];
      this.#isWithdrawn ||= acts.some(({ body }) => body().step === 'consentWithdrawn');
      const taken = await Promise.all(acts.map((act) => this.act(act)));
      for (const act of taken) if (act) await this.untilRead(act);
    }
  }

  async open(): Promise<Acknowledged> {
    const localCode = `HH-PROOF-${this.#done.cases.length + 1}`;
    this.#done.cases.push(localCode);
    this.#caseFile = await exampleCase('adult.yaml', localCode);
    const caseFile = new TextEncoder().encode(JSON.stringify(this.#caseFile));
    await this.#patiently('referring', (client) => client.importCase({ caseFile }));
    const request = { localCode, recipient: ORGANISATIONS.receiving.organisation };
    const opened = await this.#acknowledged('referring', 'referralRequest', (client, requestId) =>
      client.requestReferral({ requestId, ...request, continuesReferralId: '' }),
    );
    this.#id = opened.referralId;
    this.#rounds = roundsOf(this.#caseFile, () => this.#world.nowSeconds());
    await this.untilRead(opened);
    return opened;
  }

  /** Null where a withdrawal stands in its way. */
  async act(planned: Planned): Promise<Acknowledged | null> {
    const { side, body } = planned;
    const { step } = body();
    try {
      const call = this.#callOf(planned);
      return await this.#acknowledged(side, step, call);
    } catch (error) {
      const isOver = ['ILLEGAL_STEP', 'CONSENT_WITHDRAWN', 'NOT_CONSENTED'];
      if (this.#isWithdrawn && error instanceof Refusal && isOver.includes(error.code)) return null;
      throw new Error(`${side} ${step}: ${said(error)}`, { cause: error });
    }
  }

  /** As a person does who tries once. */
  async tryOnce(planned: Planned): Promise<Acknowledged> {
    const { side, body } = planned;
    const { outcome } = await this.#callOf(planned)(this.#world.client(side), uuid4());
    return { side, step: body().step, ...outcome };
  }

  /** What is stated is stated once: the same again is the same act, another is refused. */
  #callOf({ body, make }: Planned): Call {
    const referralId = this.#id;
    const stated = body();
    if (stated === RELEASE) {
      const reconfirmedAt = this.#world.nowSeconds();
      return (client, requestId) => client.releasePackage({ requestId, referralId, reconfirmedAt });
    }
    const act = { referralId, body: stated, sections: make(), grants: [] };
    return (client, requestId) => client.act({ requestId, ...act });
  }

  async #acknowledged(side: Side, step: StepName, call: Call): Promise<Acknowledged> {
    const requestId = uuid4();
    const { outcome } = await this.#patiently(side, (client) => call(client, requestId));
    const act = { side, step, ...outcome };
    this.#done.acts.push(act);
    this.#options.progress?.(this.#done.acts.length);
    // Asked once more, as a client does that has missed the answer.
    if (this.#options.random.chance(0.1)) {
      const again = await this.#patiently(side, (client) => call(client, requestId));
      if (again.outcome.seq !== outcome.seq || again.outcome.referralId !== outcome.referralId) {
        this.#done.faults.push(
          `${side} ${step}: sent twice, as ${outcome.seq} and ${again.outcome.seq}`,
        );
      }
    }
    return act;
  }

  /** Until the other node shows it in the referral. */
  async untilRead({ side, messageId, step }: Acknowledged): Promise<void> {
    const reader = side === 'referring' ? 'receiving' : 'referring';
    for (const endMs = Date.now() + PATIENCE_MS; Date.now() < endMs; ) {
      const { timeline } = await this.#patiently(reader, (client) =>
        client.getReferral({ referralId: this.#id }).catch((error: unknown) => {
          // Not there before the request has arrived.
          if (error instanceof Refusal && error.code === 'NOT_FOUND') return { timeline: [] };
          throw error;
        }),
      );
      if (timeline.some((line) => line.messageId === messageId)) return;
      await pause(this.#options.random.between(30, 120));
    }
    throw new Error(`${side} ${step} did not arrive within ${PATIENCE_MS / 1000} s`);
  }

  async #patiently<T>(side: Side, call: (client: CaseworkClient) => Promise<T>): Promise<T> {
    for (const endMs = Date.now() + PATIENCE_MS; ; ) {
      try {
        return await call(this.#world.client(side));
      } catch (error) {
        const again = error instanceof Refusal && TRY_AGAIN.includes(error.code);
        if (!again || Date.now() > endMs) throw error;
      }
      await pause(this.#options.random.between(50, 250));
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
