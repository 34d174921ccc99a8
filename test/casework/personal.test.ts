import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import type { Side } from '#model/track.ts';
import { IDS } from '#test/exchange/pair.ts';

import { by, exampleCase, type Offices, openOffices, type Person } from './office.ts';

let offices: Offices;
let worker: Person;
let theirs: Person;
let localCode: string;
let referralId: string;
beforeEach(async () => {
  offices = await openOffices();
  worker = await offices.referring.hire('worker-1');
  theirs = await offices.receiving.hire('key-worker', 'supervisor');
  const example = await exampleCase('adult.yaml');
  localCode = example.localCode;
  const { api } = offices.referring;
  await api.importCase({ caseFile: example.file }, by(worker));
  const asked = { requestId: uuid4(), localCode, recipient: IDS.receiving };
  const { outcome } = await api.requestReferral({ ...asked, continuesReferralId: '' }, by(worker));
  referralId = outcome.referralId;
  await offices.pair.settle();
});
afterEach(() => offices[Symbol.asyncDispose]());

/** Lines of the access log as they stand in the database, whatever the program says. */
function linesOf(side: Side): unknown[] {
  const database = new DatabaseSync(offices.pair.folder.path(`${side}.db`), { readOnly: true });
  try {
    const columns =
      'referral_id as referralId, local_code as localCode, section, staff_id as staffId, role, why, opened_at_ms as openedAtMs';
    return database
      .prepare(`select ${columns} from access_line order by number`)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

const open = (section: 'minimum' | 'health') =>
  offices.receiving.api.openSection({ referralId, section }, by(theirs));

async function withdraw(body: { whole: boolean; sections: ('minimum' | 'health')[] }) {
  const rest = { stopReports: false, deleteSent: false, endServices: false } as const;
  await offices.referring.api.act(
    {
      requestId: uuid4(),
      referralId,
      body: {
        step: 'consentWithdrawn',
        consentWithdrawn: { ...body, ...rest, meetingWish: 'not-asked' },
      },
      sections: [],
      grants: [],
    },
    by(worker),
  );
  await offices.pair.settle();
}

describe('the content of a case', () => {
  it('comes only when it is asked for, and then who opened it is recorded', async () => {
    const { api } = offices.referring;
    const bare = await api.getCase({ localCode, withContent: false }, by(worker));
    expect(bare.caseFile).toHaveLength(0);
    expect(linesOf('referring')).toEqual([]);
    const whole = await api.getCase({ localCode, withContent: true }, by(worker));
    expect(JSON.parse(new TextDecoder().decode(whole.caseFile))).toMatchObject({ localCode });
    expect(linesOf('referring')).toEqual([
      {
        referralId: null,
        localCode,
        section: null,
        staffId: 'worker-1',
        role: 'caseworker',
        why: 'casework',
        openedAtMs: offices.pair.clock.now(),
      },
    ]);
  });

  it('does not come, nor does a section, when the record cannot be written', async () => {
    offices.pair.referring.store.appendAccess = () => Promise.reject(new Error('full'));
    const asked = offices.referring.api.getCase({ localCode, withContent: true }, by(worker));
    await expect(asked).rejects.toThrow('full');
    offices.pair.receiving.store.appendAccess = () => Promise.reject(new Error('full'));
    await expect(open('minimum')).rejects.toThrow('full');
  });
});

describe('a section of the partner', () => {
  it('is opened by one call only, which records who opened it', async () => {
    const { content } = await open('minimum');
    expect(JSON.parse(new TextDecoder().decode(content))).toHaveProperty('services');
    expect(linesOf('receiving')).toEqual([
      {
        referralId,
        localCode: null,
        section: 'minimum',
        staffId: 'key-worker',
        role: 'supervisor',
        why: 'casework',
        openedAtMs: offices.pair.clock.now(),
      },
    ]);
    const { api } = offices.receiving;
    const views = await Promise.all([
      api.getReferral({ referralId }, by(theirs)),
      api.listReferrals({ limit: 0, cursor: '', since: 0 }, by(theirs)),
      api.exportReferral({ referralId }, by(theirs)),
      api.listInbox({ limit: 0, cursor: '' }, by(theirs)),
    ]);
    const seen = JSON.stringify(views, (_, value: unknown) =>
      value instanceof Uint8Array ? new TextDecoder().decode(value) : value,
    );
    for (const word of ['accommodation.transitional', 'ongoing-treatment', '25-39']) {
      expect(new TextDecoder().decode(content)).toContain(word);
      expect(seen).not.toContain(word);
    }
  });

  it('is not shared without a grant, and nothing is recorded then', async () => {
    await expect(open('health')).rejects.toMatchObject({ code: 'NOT_CONSENTED' });
    expect(linesOf('receiving')).toEqual([]);
  });

  it('is closed at once by a withdrawal, of it or of everything', async () => {
    await withdraw({ whole: false, sections: ['minimum'] });
    await expect(open('minimum')).rejects.toMatchObject({ code: 'CONSENT_WITHDRAWN' });
    const { sections } = await offices.receiving.api.getReferral({ referralId }, by(theirs));
    expect(sections.map(({ section, state }) => `${section} ${state}`)).toEqual([
      'minimum restricted',
    ]);
    await withdraw({ whole: true, sections: [] });
    await expect(open('minimum')).rejects.toMatchObject({ code: 'CONSENT_WITHDRAWN' });
    expect(linesOf('receiving')).toEqual([]);
  });

  it('is closed when its grant ends', async () => {
    const { sections } = await offices.receiving.api.getReferral({ referralId }, by(theirs));
    const { clock } = offices.pair;
    clock.pass((sections[0]?.until ?? 0) - Math.floor(clock.now() / 1000));
    await open('minimum');
    clock.pass(1);
    await expect(open('minimum')).rejects.toMatchObject({ code: 'CONSENT_EXPIRED' });
  });
});
