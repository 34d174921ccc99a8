import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import { createSigningKey, importVerifyKey } from '#crypto/keys.ts';
import { ORGANISATIONS } from '#deploy/demo/federation.ts';
import { type Evidence, parseEvidence } from '#exchange/evidence.ts';
import { verifyEvidence } from '#exchange/verify-evidence.ts';
import { loadAnchor } from '#services/node/anchor.ts';
import { inFolder } from '#services/registry/registry-folder.ts';
import { until } from '#test/tracking/test-events.ts';
import type { Anchor } from '#trust/verify-chain.ts';
import { codec } from '#wire/codec.ts';

import { startWorld, storyOf, type World } from './world.ts';

let world: World;
let evidence: Evidence;
let anchor: Anchor;
beforeAll(async () => {
  world = await startWorld();
  const { nodes, prepared, registry } = world.federation;
  const client = nodes.referring.client();
  const { caseFile, localCode } = await storyOf(world, 'adult.yaml');
  await client.importCase({ caseFile });
  const { outcome } = await client.requestReferral({
    requestId: uuid4(),
    localCode,
    recipient: ORGANISATIONS.receiving.organisation,
    continuesReferralId: '',
  });
  const { referralId } = outcome;
  await until(async () => {
    const { timeline } = await client.getReferral({ referralId });
    return timeline.every(({ receivedAt }) => receivedAt > 0);
  });
  const file = await client.exportReferral({ referralId });
  evidence = parseEvidence(JSON.parse(new TextDecoder().decode(file.evidence)));
  anchor = await loadAnchor(registry.entityId, inFolder(prepared.registryFolder).anchorKey);
});
afterAll(() => world[Symbol.asyncDispose]());

const failedAt = async (changed: Evidence, by = anchor) =>
  (await verifyEvidence(codec, changed, by)).checks.find(({ ok }) => !ok)?.check;

describe('an exported referral', () => {
  it('shows to whoever has the key of the registry that the federation names its keys', async () => {
    expect(await failedAt(evidence)).toBeUndefined();
    const strange = await importVerifyKey((await createSigningKey()).publicJwk);
    expect(await failedAt(evidence, { ...anchor, keys: [strange] })).toBe('statements');
  });

  it('fails by that key without the statements of a side, or with another side’s', async () => {
    for (const side of ['referring', 'receiving'] as const) {
      const without = { ...evidence, [side]: { ...evidence[side], statements: [] } };
      expect(await failedAt(without), side).toBe('statements');
      const other = side === 'referring' ? evidence.receiving : evidence.referring;
      const swapped = { ...evidence, [side]: { ...evidence[side], statements: other.statements } };
      expect(await failedAt(swapped), side).toBe('statements');
    }
  });

  it('fails with a key that the federation does not name', async () => {
    const { publicJwk } = await createSigningKey();
    const { messageKeys } = evidence.referring;
    const referring = { ...evidence.referring, messageKeys: [...messageKeys, publicJwk] };
    expect(await failedAt({ ...evidence, referring })).toBe('statements');
  });
});
