// Where attacks are made: a running federation, an honest referral in it, an
// insider of one organisation, and a third member that has nothing to do with it.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { uuid4 } from '#crypto/digest.ts';
import type { Keyring } from '#crypto/keyring.ts';
import { offer, reason, type SectionInput } from '#deploy/demo/contents.ts';
import { type FederationNode, ORGANISATIONS } from '#deploy/demo/federation.ts';
import { tell } from '#deploy/demo/story.ts';
import { type OpenReferral, openReferral } from '#exchange/open-referral.ts';
import { parseCaseFile } from '#model/case-file.ts';
import type { Body, StepName } from '#model/message.ts';
import { otherSide, type Side } from '#model/track.ts';
import { NODE_FILES } from '#services/node/config.ts';
import { admitMember } from '#services/registry/members.ts';
import { type Forged, type Forger, forge, type Parts, sealed } from '#test/exchange/forge.ts';
import { makeTestMember, type TestMember, type TestRegistry } from '#test/trust/test-registry.ts';
import { codec } from '#wire/codec.ts';
import { type Answer, type Attacker, attackerAt, forgerOf, tlsOf } from './attacker.ts';
import { startWorld, storyOf, type World } from './world.ts';

export const MEDDLER = 'https://meddler.example';

export type Scene = AsyncDisposable & {
  world: World;
  /** One who has the keys and the certificate of the side that he writes for. */
  insider: Record<Side, Attacker>;
  /** The keys and certificates that the two nodes run on. */
  keyring(side: Side): Keyring;
  tls: Record<Side, { certificatePem: string; privateKeyPem: string }>;
  /** A member with keys and a certificate, and no part in the referrals. */
  meddler: TestMember & { attacker: Attacker };
  node(side: Side): FederationNode;
  open(side: Side, referralId: string): Promise<OpenReferral>;
  /** Five seconds pass, and what is due goes out. */
  hurry(seconds?: number): void;
  /** A new referral by the honest nodes, received there. */
  request(): Promise<string>;
  /** The story of a person of its own, up to this step by this side. */
  storyUntil(side: Side, step: StepName): Promise<string>;
  act(side: Side, referralId: string, body: Body, sections?: Sections): Promise<void>;
  /** By two people of the receiving side. */
  accept(referralId: string): Promise<void>;
  forger(from: Side | 'meddler', to?: Side): Promise<Forger>;
  /** The next message of this side after what the other node has, changed as told. */
  forged(from: Side, referralId: string, parts: Parts): Promise<Forged>;
  /** Sealed as it should be, and delivered with the author's own certificate. */
  strike(from: Side, referralId: string, parts: Parts): Promise<Answer>;
  /** Both nodes write on, each gets its receipts, and both fold the same. */
  goesOn(referralId: string): Promise<string>;
};

type Sections = SectionInput[];

export async function startScene(): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await startWorld());
  const { federation, clock } = world;
  const { configs, registryFolder } = federation.prepared;
  const registry = { entityId: federation.prepared.configs.referring.registry?.entityId ?? '' };
  const member = stack.use(
    await makeTestMember(
      registry as TestRegistry,
      { entityId: MEDDLER, roles: ['referring', 'receiving'] },
      clock,
    ),
  );
  await admitMember(registryFolder, await member.memberFile(), clock);
  await federation.catchUp();
  const tls = {
    referring: await tlsOf(configs.referring),
    receiving: await tlsOf(configs.receiving),
    meddler: member.tls,
  };
  const attack = async (by: keyof typeof tls, victim: Side) =>
    stack.use(await attackerAt(configs[victim], tls[by]));
  /** As they are now: a node renews its keys. */
  const keysOf = (who: Side | 'meddler') =>
    who === 'meddler'
      ? { organisation: MEDDLER, keyring: member.keyring }
      : {
          organisation: ORGANISATIONS[who].organisation,
          keyring: federation.nodes[who].exchange.context.keyring,
        };
  const insider = {
    referring: await attack('referring', 'receiving'),
    receiving: await attack('receiving', 'referring'),
  };
  const attacker = await attack('meddler', 'receiving');
  const { caseFile } = await storyOf(world, 'adult.yaml');
  const running = stack.move();
  let stories = 0;

  const scene: Scene = {
    world,
    insider,
    keyring: (side) => keysOf(side).keyring,
    tls,
    meddler: Object.assign(member, { attacker }),
    node: (side) => federation.nodes[side],
    async open(side, referralId) {
      return openReferral(await scene.node(side).store.load(referralId), codec);
    },
    hurry(seconds = 5) {
      clock.pass(seconds / 3600);
      for (const { exchange } of Object.values(federation.nodes)) exchange.wake();
    },
    // A case of its own: what a person took back in one referral binds the next.
    async request() {
      const client = scene.node('referring').client();
      const own = `SCENE-${(stories += 1)}`;
      const bytes = JSON.stringify({ ...parseCaseFile(caseFile), localCode: own });
      await client.importCase({ caseFile: Buffer.from(bytes) });
      const { outcome } = await client.requestReferral({
        requestId: uuid4(),
        localCode: own,
        recipient: ORGANISATIONS.receiving.organisation,
        continuesReferralId: '',
      });
      await received(scene, 'referring', outcome.referralId);
      return outcome.referralId;
    },
    async storyUntil(side, step) {
      const own = `STORY-${(stories += 1)}`;
      const bytes = JSON.stringify({ ...parseCaseFile(caseFile), localCode: own });
      const story = { federation, clock, localCode: own, caseFile: Buffer.from(bytes) };
      for await (const told of tell(story)) {
        if (told.side !== side || told.step !== step) continue;
        const message = await scene.node(side).store.findMessageById(told.messageId);
        return message?.referralId ?? '';
      }
      throw new Error(`the story has no ${step} of the ${side} side`);
    },
    async act(side, referralId, body, sections = []) {
      const client = scene.node(side).client();
      await client.act({ requestId: uuid4(), referralId, body, sections, grants: [] });
      await received(scene, side, referralId);
    },
    async accept(referralId) {
      const accepted = { step: 'accepted', accepted: { secondPerson: true } } as const;
      await scene
        .node('receiving')
        .client({ second: true })
        .act({
          requestId: uuid4(),
          referralId,
          body: accepted,
          sections: [offer({ caseFile: parseCaseFile(caseFile), nowMs: clock.now() })],
          grants: [],
        });
      await received(scene, 'receiving', referralId);
    },
    forger: (from, to = from === 'receiving' ? 'referring' : 'receiving') =>
      forgerOf(keysOf(from), keysOf(to), clock.now()),
    async forged(from, referralId, parts) {
      const { thread } = await scene.open(otherSide(from), referralId);
      const chains = { own: thread[from], theirs: thread[otherSide(from)] };
      return forge(await scene.forger(from), referralId, chains, parts);
    },
    async strike(from, referralId, parts) {
      const forged = await scene.forged(from, referralId, parts);
      return insider[from].deliver(await sealed(await scene.forger(from), forged));
    },
    async goesOn(referralId) {
      for (const side of ['receiving', 'referring'] as const) {
        const { held } = (await scene.open(side, referralId)).state[side];
        const reviewAt = Math.floor(clock.now() / 1000) + 86_400;
        await (held
          ? scene.act(side, referralId, { step: 'resumed', resumed: {} })
          : scene.act(side, referralId, { step: 'held', held: { reviewAt } }, [reason('other')]));
      }
      const [ours, theirs] = await bothDigests(scene, referralId);
      if (ours !== theirs) throw new Error('the two nodes do not fold the same');
      return (await scene.open('receiving', referralId)).state.status;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
  return scene;
}

const STEP_MS = 10;
/** Between two tries of a delivery. */
const LONGEST_WAIT_S = 900;

/** Until every message of this side has its receipt. */
export async function received(scene: Scene, side: Side, referralId: string): Promise<void> {
  const open = async () => {
    const { messages } = await scene.node(side).store.load(referralId);
    // What the partner gave back as proof of a fork has no receipt, ever.
    const own = messages.filter((m) => m.author === 'own' && m.placement === 'placed');
    return own.some((m) => m.receipt === null);
  };
  for (let waitedMs = 0; await open(); waitedMs += STEP_MS) {
    if (waitedMs > 20_000) throw new Error('no receipt came');
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    // The next try is due after a while: story time runs faster than ours. On a
    // busy machine some tries are lost meanwhile, and the next one is far away.
    if (waitedMs % 200 === 0) scene.hurry(waitedMs % 4000 === 3800 ? LONGEST_WAIT_S : 5);
  }
}

export async function bothDigests(scene: Scene, referralId: string): Promise<[string, string]> {
  const of = async (side: Side) =>
    (await scene.node(side).client().getReferral({ referralId })).stateDigest;
  return [await of('referring'), await of('receiving')];
}

/** How much stands in each table that a message could have touched. */
export function rowsAt({ config }: FederationNode): Record<string, number> {
  using database = new DatabaseSync(join(config.folder, NODE_FILES.database), { readOnly: true });
  const tables = ['message', 'section', 'referral', 'delivery', 'task', 'outbox'];
  return Object.fromEntries(
    tables.map((table) => {
      const row = database.prepare(`SELECT count(*) AS rows FROM ${table}`).get();
      return [table, Number(row?.['rows'])];
    }),
  );
}
