// The whole story, and how a referral ends where two endings cross.
import type { Status } from '#model/crossing.ts';
import { STORY } from '#test/model/story.ts';
import {
  ACCEPTED,
  DEPARTED,
  day,
  HANDED,
  RECEIVED,
  RELEASED,
  REQUESTED,
  type Scene,
  TAKEN,
  tell,
} from './scene.ts';

const STORY_STATUS: readonly Status[] = [
  'requested',
  'received',
  'received',
  'received',
  'received',
  'received',
  'accepted',
  'package-released',
  'in-progress',
  'in-progress',
  'arrival-planned',
  'travelling',
  'arrived',
  'handing-over',
  'in-care',
  'in-care',
  'in-care',
  'completed',
];

/** The whole story, message by message. */
export const STORY_SCENES: Scene[] = STORY.map(([side, step], index) => ({
  name: `the story as far as its message ${index + 1}: ${step} by the ${side} side`,
  check: 'F12',
  status: STORY_STATUS[index] ?? 'none',
  ...(index === 4 && { openQuestions: [3] }),
  write: tell(...STORY.slice(0, index + 1)),
}));

export const ENDINGS: Scene[] = [
  {
    name: 'a request that is declined',
    check: 'F12',
    status: 'declined',
    write: tell(...RECEIVED, ['receiving', 'declined', day(2)]),
  },
  {
    name: 'a decline after the acceptance, crossing the package',
    check: 'F12',
    status: 'declined',
    write: tell(...RELEASED, ['receiving', 'declined', { ...day(3), seen: 3 }]),
  },
  {
    name: 'a request that nobody answers and that its author lets expire',
    check: 'F12',
    status: 'expired',
    write: tell(...REQUESTED, ['referring', 'expired']),
  },
  {
    name: 'an acceptance that crosses the expiry and wins over it',
    check: 'F12',
    status: 'accepted',
    write: tell(
      ...RECEIVED,
      ['receiving', 'accepted', day(3)],
      ['referring', 'expired', { ...day(3), seen: 1 }],
    ),
  },
  {
    name: 'an expiry that a mere receipt does not undo',
    check: 'F12',
    status: 'expired',
    write: tell(
      ...REQUESTED,
      ['referring', 'expired'],
      [
        'receiving',
        'receiptConfirmed',
        {
          ...day(3),
          seen: 1,
        },
      ],
    ),
  },
  {
    name: 'a cancellation asked for and confirmed',
    check: 'F12',
    status: 'cancelled',
    write: tell(
      ...ACCEPTED,
      ['referring', 'cancellationRequested', day(3)],
      ['receiving', 'cancellationConfirmed', day(3)],
    ),
  },
  {
    name: 'a cancellation asked for and not confirmed: the referral goes on',
    check: 'F12',
    status: 'package-released',
    write: tell(...RELEASED, ['referring', 'cancellationRequested', day(4)]),
  },
  {
    name: 'a completion that crosses a request to cancel and wins over it',
    check: 'F12',
    status: 'completed',
    write: tell(
      ...TAKEN,
      ['referring', 'cancellationRequested', day(20)],
      ['receiving', 'completed', { ...day(20), seen: 6 }],
    ),
  },
  {
    name: 'a completion that crosses a failure and wins over it',
    check: 'F12',
    status: 'completed',
    write: tell(
      ...HANDED,
      ['referring', 'failed', day(20)],
      ['receiving', 'completed', { ...day(20), seen: 7 }],
    ),
  },
  {
    name: 'a failure that crosses the confirmation of a cancellation',
    check: 'F12',
    status: 'failed',
    write: tell(
      ...ACCEPTED,
      ['referring', 'cancellationRequested', day(3)],
      ['receiving', 'cancellationConfirmed', { ...day(4), seen: 4 }],
      ['referring', 'failed', { ...day(4), seen: 4 }],
    ),
  },
  {
    name: 'a referral entered in error after it was completed',
    check: 'F12',
    status: 'entered-in-error',
    write: tell(...STORY, ['referring', 'enteredInError', day(201)]),
  },
  {
    name: 'an arrival that crosses the report that the person did not arrive',
    check: 'F12',
    status: 'arrived',
    write: tell(
      ...DEPARTED,
      ['receiving', 'arrived', day(10)],
      ['referring', 'notArrived', { ...day(10), seen: 6 }],
    ),
  },
  {
    name: 'a person who did not arrive',
    check: 'F12',
    status: 'not-arrived',
    write: tell(...DEPARTED, ['receiving', 'notArrived', day(10)]),
  },
  {
    name: 'a second departure after the person did not arrive: the old report is over',
    check: 'F11',
    status: 'travelling',
    write: tell(
      ...DEPARTED,
      ['receiving', 'notArrived', day(10)],
      ['referring', 'departed', day(11)],
    ),
  },
  {
    name: 'a report of the first departure that crosses the second: it is of the first',
    check: 'F11',
    status: 'travelling',
    write: tell(
      ...DEPARTED,
      ['receiving', 'notArrived', day(10)],
      ['referring', 'departed', day(11)],
      ['receiving', 'notArrived', { ...day(11), seen: 6 }],
    ),
  },
  {
    name: 'a decline that crosses the departure: the person travels and nobody will meet them',
    check: 'F12',
    status: 'travelling-without-receiver',
    alarm: true,
    write: tell(...DEPARTED, ['receiving', 'declined', { ...day(9), seen: 5 }]),
  },
  {
    name: 'an arrival all the same, after a failure while travelling',
    check: 'F12',
    status: 'failed',
    write: tell(...DEPARTED, ['referring', 'failed', day(9)], ['receiving', 'arrived', day(10)]),
  },
  {
    name: 'a withdrawal while the person travels: its own name, and the alarm beside it',
    check: 'F12',
    status: 'withdrawn',
    alarm: true,
    write: tell(...DEPARTED, ['referring', 'consentWithdrawn', day(9)]),
  },
  {
    name: 'a package refused and released again',
    check: 'F11',
    status: 'package-released',
    write: tell(
      ...RELEASED,
      ['receiving', 'packageRefused', day(3)],
      ['referring', 'packageReleased', day(4)],
    ),
  },
  {
    name: 'a package refused: the acceptance stands',
    check: 'F11',
    status: 'accepted',
    write: tell(...RELEASED, ['receiving', 'packageRefused', day(3)]),
  },
  {
    name: 'a hold of each side, each lifted by its own',
    check: 'F11',
    status: 'accepted',
    except: { referring: { 4: 'illegal' } },
    write: tell(
      ...ACCEPTED,
      ['receiving', 'held', day(3)],
      // It had read the hold.
      ['referring', 'packageReleased', day(3)],
      ['receiving', 'resumed', day(4)],
    ),
  },
];
