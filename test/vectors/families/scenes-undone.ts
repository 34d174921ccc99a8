// What takes back: withdrawals, refusals, forks.
import type { Side } from '#model/track.ts';
import { bodyOf, grantOf } from '#test/model/story.ts';
import {
  ACCEPTED,
  type Aside,
  DEPARTED,
  day,
  PACKAGED,
  partly,
  RELEASED,
  REQUESTED,
  type Scene,
  tell,
  withBody,
  withdrawal,
} from './scene.ts';

export const WITHDRAWALS: Scene[] = [
  {
    name: 'a whole withdrawal told by the referring side ends the referral',
    check: 'F4',
    status: 'withdrawn',
    write: tell(...PACKAGED, ['referring', 'consentWithdrawn', day(4)]),
  },
  {
    name: 'a whole withdrawal told by the receiving side ends the referral',
    check: 'F4',
    status: 'withdrawn',
    write: tell(...PACKAGED, ['receiving', 'consentWithdrawn', day(4)]),
  },
  {
    name: 'a whole withdrawal of a person who still wants to be met does not end it',
    check: 'F10',
    status: 'travelling',
    write: tell(...DEPARTED, [
      'referring',
      'consentWithdrawn',
      { ...day(9), body: withdrawal({ meetingWish: 'yes' }) },
    ]),
  },
  {
    name: 'a part withdrawn: what it covers may not travel in what its teller writes later',
    check: 'F10',
    status: 'in-progress',
    except: { referring: { 6: 'illegal' } },
    write: tell(
      ...PACKAGED,
      ['referring', 'consentWithdrawn', { ...day(4), body: partly('arrival') }],
      ['referring', 'arrivalPlanned', day(5)],
    ),
  },
  {
    name: 'a part withdrawn by the other side, not read yet: the step counts, its grant has ended',
    check: 'F10',
    status: 'in-progress',
    write: tell(
      ...PACKAGED,
      ['receiving', 'consentWithdrawn', { ...day(4), body: partly('arrival') }],
      ['referring', 'arrivalPlanned', { ...day(5), seen: 5 }],
    ),
  },
  {
    name: 'a fresh grant in a message that had read the withdrawal',
    check: 'F10',
    status: 'in-progress',
    write: tell(
      ...PACKAGED,
      ['receiving', 'consentWithdrawn', { ...day(4), body: partly('arrival') }],
      [
        'referring',
        'arrivalPlanned',
        { ...day(5), grants: [grantOf('receiving', 'package', ['arrival'])] },
      ],
    ),
  },
  {
    name: 'a fresh grant in a message that had not read the withdrawal comes to nothing',
    check: 'F10',
    status: 'in-progress',
    except: { referring: { 6: 'illegal' } },
    write: tell(
      ...PACKAGED,
      ['receiving', 'consentWithdrawn', { ...day(4), body: partly('arrival') }],
      [
        'referring',
        'safetyNotice',
        { ...day(5), seen: 5, grants: [grantOf('receiving', 'package', ['arrival'])] },
      ],
      ['referring', 'arrivalPlanned', day(5)],
    ),
  },
  {
    name: 'a withdrawal that waits for its place ends the referral all the same',
    check: 'F13',
    status: 'withdrawn',
    write: async (scribe) => {
      await scribe.tell(PACKAGED);
      const ahead = scribe.copy();
      await ahead.say('referring', 'safetyNotice', day(4));
      const early = await ahead.draw('referring', 'consentWithdrawn', day(4));
      scribe.written.set(early.entry.digest, early);
      return { loose: [{ side: 'referring', digest: early.entry.digest }] };
    },
  },
  {
    name: 'a withdrawal before the request is known',
    check: 'F13',
    status: 'withdrawn',
    write: async (scribe) => {
      const ahead = scribe.copy();
      await ahead.tell(REQUESTED);
      const early = await ahead.draw('referring', 'consentWithdrawn', day(0));
      scribe.written.set(early.entry.digest, early);
      return { loose: [{ side: 'referring', digest: early.entry.digest }] };
    },
  },
  {
    name: 'nothing but a few steps is legal after a withdrawal',
    check: 'F7',
    status: 'withdrawn',
    except: { receiving: { 5: 'illegal' } },
    write: tell(
      ...RELEASED,
      ['referring', 'consentWithdrawn', day(3)],
      ['receiving', 'packageReceived', day(3)],
      ['receiving', 'erasureConfirmed', day(4)],
      ['receiving', 'accessReported', day(4)],
    ),
  },
];

export const REFUSALS: Scene[] = [
  {
    name: 'a refusal voids the message and all that its author wrote without having read it',
    check: 'F5',
    status: 'accepted',
    except: { referring: { 4: 'void', 5: 'void' } },
    write: tell(
      ...ACCEPTED,
      ['referring', 'packageReleased', day(3)],
      ['receiving', 'refused', { ...day(4), seen: 4 }],
      ['referring', 'safetyNotice', { ...day(4), seen: 4 }],
      ['referring', 'held', day(5)],
    ),
  },
  {
    name: 'a refusal does not void a withdrawal that follows unread',
    check: 'F5',
    status: 'withdrawn',
    except: { referring: { 4: 'void' } },
    write: tell(
      ...ACCEPTED,
      ['referring', 'packageReleased', day(3)],
      ['receiving', 'refused', { ...day(4), seen: 4 }],
      ['referring', 'consentWithdrawn', { ...day(4), seen: 4 }],
    ),
  },
  {
    name: 'a refusal of a withdrawal comes to nothing',
    check: 'F5',
    status: 'withdrawn',
    write: tell(
      ...ACCEPTED,
      ['referring', 'consentWithdrawn', day(3)],
      ['receiving', 'refused', { ...day(4), seen: 4 }],
    ),
  },
  {
    name: 'a refusal of what its author had read before comes to nothing',
    check: 'F5',
    status: 'package-released',
    write: tell(
      ...RELEASED,
      ['receiving', 'riskAssessed', { ...day(3), seen: 4 }],
      ['receiving', 'refused', { ...day(4), seen: 4 }],
    ),
  },
  {
    name: 'a refusal that names another digest comes to nothing',
    check: 'F5',
    status: 'package-released',
    write: tell(...RELEASED, [
      'receiving',
      'refused',
      {
        ...day(3),
        body: bodyOf('refused', {
          seq: 4,
          digest: Buffer.alloc(32, 9).toString('base64url'),
          reason: 'late',
        }),
      },
    ]),
  },
  {
    name: 'a refusal of what it had not read comes to nothing',
    check: 'F5',
    status: 'package-released',
    write: async (scribe) => {
      await scribe.tell(RELEASED);
      const digest = scribe.thread.referring.at(-1)?.digest ?? '';
      const body = bodyOf('refused', { seq: 4, digest, reason: 'late' });
      await scribe.say('receiving', 'refused', { ...day(3), seen: 3, body });
    },
  },
  {
    name: 'a message of which the body is not understood counts as nothing',
    check: 'F3',
    status: 'requested',
    except: { receiving: { 1: 'unread', 2: 'illegal' } },
    write: async (scribe) => {
      await scribe.tell(REQUESTED);
      const newer = { payload: (bytes: Buffer) => withBody(bytes, [0xc2, 0x0c, 0x00]) };
      await scribe.say('receiving', 'receiptConfirmed', day(0), newer);
      await scribe.say('receiving', 'riskAssessed', { ...day(1), sections: ['risk'] });
    },
  },
  {
    name: 'a refusal of a message that is not understood',
    check: 'F5',
    status: 'requested',
    except: { receiving: { 1: 'void' } },
    write: async (scribe) => {
      await scribe.tell(REQUESTED);
      const newer = { payload: (bytes: Buffer) => withBody(bytes, [0xc2, 0x0c, 0x00]) };
      await scribe.say('receiving', 'receiptConfirmed', day(0), newer);
      await scribe.say('referring', 'refused', {
        ...day(1),
        body: bodyOf('refused', {
          seq: 1,
          digest: scribe.thread.receiving[0]?.digest ?? '',
          reason: 'unsupported-version',
        }),
      });
    },
  },
];

export const FORKS: Scene[] = [
  {
    name: 'a fork: what precedes it stays, what follows it or had read it is cut',
    check: 'F1',
    status: 'interrupted',
    except: { referring: { 4: 'cut' }, receiving: { 5: 'cut' } },
    write: async (scribe) => {
      await scribe.tell(ACCEPTED);
      const rival = await scribe.draw('referring', 'safetyNotice', day(3));
      await scribe.say('referring', 'packageReleased', day(3));
      await scribe.say('receiving', 'packageReceived', day(3));
      return fork('referring', 4, rival.entry.digest);
    },
  },
  {
    name: 'a fork at the other number: the same thread as the other node keeps it',
    check: 'F1',
    status: 'interrupted',
    except: { referring: { 4: 'cut' } },
    write: async (scribe) => {
      await scribe.tell(ACCEPTED);
      const rival = await scribe.draw('referring', 'packageReleased', day(3));
      await scribe.say('referring', 'safetyNotice', day(3));
      return fork('referring', 4, rival.entry.digest);
    },
  },
  {
    name: 'a withdrawal beyond a fork counts',
    check: 'F13',
    status: 'withdrawn',
    except: { referring: { 4: 'cut', 5: 'cut' } },
    write: async (scribe) => {
      await scribe.tell(ACCEPTED);
      const rival = await scribe.draw('referring', 'safetyNotice', day(3));
      await scribe.say('referring', 'packageReleased', day(3));
      await scribe.say('referring', 'consentWithdrawn', day(4));
      return fork('referring', 4, rival.entry.digest);
    },
  },
  {
    name: 'a withdrawal that is itself the second message with its number counts',
    check: 'F13',
    status: 'withdrawn',
    except: { referring: { 4: 'cut' } },
    write: async (scribe) => {
      await scribe.tell(ACCEPTED);
      const rival = await scribe.draw('referring', 'consentWithdrawn', day(3));
      await scribe.say('referring', 'packageReleased', day(3));
      return fork('referring', 4, rival.entry.digest);
    },
  },
];

function fork(side: Side, seq: number, digest: string): Aside {
  return { loose: [{ side, digest }], forks: [{ side, seq }] };
}
