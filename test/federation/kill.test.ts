import { describe, expect, it } from 'vitest';

import { killWhileRunning } from '#test/proof/kill.ts';
import { newSeed } from '#test/proof/random.ts';

describe('kill -9 at random moments while referrals are handed over', () => {
  it('loses nothing that was acknowledged, applies nothing twice, folds equally at both', async () => {
    const seed = newSeed();
    const report = await killWhileRunning({
      seed,
      handovers: 60,
      kills: 4,
      atOnce: 8,
      pauseMs: [200, 1500],
    });
    const said = `npm run proof -- --only kill --seed ${seed}\n${report.logged.slice(-40).join('\n')}`;
    expect(report.faults, said).toEqual([]);
    expect(report.handovers).toBeGreaterThanOrEqual(60);
  }, 180_000);
});
