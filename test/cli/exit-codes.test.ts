import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EXIT, exitCodeOf } from '#services/cli/exit-codes.ts';

import { type Desks, openDesks } from './desk.ts';

const PARTNER = 'https://homeward-hands.example';
const NOBODY = '0b0c6d1e-4f7a-4a52-9d0f-2f1f7f3f6a10';
let desks: Desks;
let id: string;
const reached = new Set<number>();

beforeAll(async () => {
  desks = await openDesks();
  await desks.referring.done('case import deploy/cases/adult.yaml');
  const { referralId } = await desks.referring.json(
    `referral request HH-2026-0001 --to ${PARTNER}`,
  );
  id = String(referralId);
});
afterAll(() => desks[Symbol.asyncDispose]());

/** What it said, once it ended with this code. */
async function ends(code: number, line: string, stdin?: string): Promise<string> {
  const said = await desks.referring.type(line, { ...(stdin !== undefined && { stdin }) });
  expect(said.code, `${line}\n${said.err}`).toBe(code);
  reached.add(code);
  return said.out + said.err;
}

describe('the exit code', () => {
  it('is 0 for what was done', async () => {
    await ends(0, 'version');
    await ends(0, `referral show ${id}`);
  });

  it('is 1 for what failed, with the reason', async () => {
    expect(await ends(1, 'case import -', 'srxCaseFile: 2')).toContain('Nothing was stored');
    expect((await desks.referring.json('case list'))['cases']).toHaveLength(1);
    expect(await ends(1, 'referral list --folder /nowhere')).toContain('srx init');
  });

  it('is 2 for wrong use', async () => {
    await ends(2, 'referral request HH-2026-0001');
    await ends(2, `referral withdraw ${id} --yes`);
    await ends(2, `referral withdraw ${id} --all --sections health --yes`);
    await ends(2, `referral hold ${id} --reason awaiting-documents --review-at tomorrow`);
    await ends(2, `referral notify ${id}`);
    await ends(2, `referral open ${id} minimum`);
    await ends(2, `referral request HH-2026-0001 --to ${PARTNER} --request-id mine`);
    await ends(2, `referral request HH-2026-0001 --to ${PARTNER} --wait soon`);
  });

  it('is 3 for what is not there', async () => {
    for (const line of [
      `referral show ${NOBODY}`,
      `referral export ${NOBODY}`,
      `referral hand ${NOBODY}`,
      'case show NOBODY',
      `referral request NOBODY --to ${PARTNER}`,
      'staff remove nobody --yes',
      'case validate nowhere.yaml',
      `referral confirm ${id} --workers nowhere.yaml`,
    ]) {
      await ends(3, line);
    }
  });

  it('is 4 for what the state, consent or a role refuses, and says where to look', async () => {
    expect(await ends(4, `referral hand ${id}`)).toContain('Nothing was sent');
    await ends(4, `referral release ${id} --reconfirmed-at now`);
    await ends(4, `referral open ${id} health --show-personal`);
    const out = join(desks.world.folder, 'records.token');
    await desks.referring.done(`staff add records --role service --out ${out}`);
    await ends(4, `staff list --token-file ${out}`);
  });

  it('is 5 for a token, a signature or a partner that does not hold', async () => {
    const token = join(desks.world.folder, 'wrong.token');
    await writeFile(token, `srx_${'A'.repeat(43)}\n`, { mode: 0o600 });
    await ends(5, `inbox --token-file ${token}`);
    await ends(5, 'referral request HH-2026-0001 --to https://stranger.example');
  });

  it('is 6 for a conflict with what is there', async () => {
    await ends(6, `referral export ${id} --out ${desks.referring.tokens.one}`);
    const request = `referral request HH-2026-0001 --to ${PARTNER}`;
    const { requestId } = await desks.referring.json(request);
    const other = `referral hold ${id} --reason awaiting-documents --review-at 2030-01-20`;
    await ends(6, `${other} --request-id ${String(requestId)}`);
  });

  it('is 7 for a node that is not reached, with the id to try the same again', async () => {
    await ends(7, 'inbox --address 127.0.0.1:9');
    const line = `referral hold ${id} --reason awaiting-documents --review-at 2030-01-20`;
    expect(await ends(7, `${line} --address 127.0.0.1:9`)).toMatch(/--request-id [0-9a-f-]{36}/);
  });

  it('is 8 where a wait was too short, although the act is stored', async () => {
    await ends(8, `watch --referral ${id} --until completed --timeout 1s`);
    const { receiving } = desks.world.federation.nodes;
    await receiving[Symbol.asyncDispose]();
    try {
      const line = `referral request HH-2026-0001 --to ${PARTNER}`;
      expect(await ends(8, `${line} --wait 1s`)).toContain('do not repeat it');
      expect(await ends(0, `${line} --no-wait`)).toContain('on its way');
      expect(await desks.referring.done('referral list')).toContain('requested, 1 on the way');
    } finally {
      await desks.world.federation.restart('receiving');
    }
  });

  it('is 130 for what was interrupted', async () => {
    const watch = desks.referring.start('watch', { isTty: true });
    await watch.until('Waiting for events');
    expect(await watch.stop()).toMatchObject({ code: 130 });
    const list = desks.referring.start('referral list');
    expect(await list.stop()).toMatchObject({ code: 130, out: '' });
    reached.add(130);
  });

  it('is each of the table, reached in this file', () => {
    expect([...reached].toSorted((a, b) => a - b)).toEqual(
      Object.values(EXIT).toSorted((a, b) => a - b),
    );
    expect(exitCodeOf(new Error('a bug'))).toBe(1);
  });
});
