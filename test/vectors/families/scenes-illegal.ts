// Threads whose last message is illegal, by each rule, and the bounds of these.
import type { Status } from '#model/crossing.ts';
import type { Grant } from '#model/message.ts';
import {
  bodyOf,
  CONTACT_GRANTS,
  DAY,
  grantOf,
  HOUR,
  type Line,
  PACKAGE_GRANTS,
  STORY,
} from '#test/model/story.ts';
import {
  ACCEPTED,
  ARRIVED,
  ASKED,
  ASSESSED,
  at,
  DEPARTED,
  day,
  PACKAGED,
  PLANNED,
  RECEIVED,
  REQUESTED,
  type Scene,
  tell,
} from './scene.ts';

export const ILLEGAL: Scene[] = [
  illegal('F7', 'a sender that accepts its own referral', 'received', RECEIVED, [
    'referring',
    'accepted',
    day(2),
  ]),
  illegal('F7', 'an acceptance before the receipt is confirmed', 'requested', REQUESTED, [
    'receiving',
    'accepted',
    day(1),
  ]),
  illegal('F7', 'a package before the acceptance', 'received', ASSESSED, [
    'referring',
    'packageReleased',
    day(2),
  ]),
  illegal(
    'F7',
    'a departure before both have told their part of the arrival',
    'in-progress',
    PACKAGED,
    ['referring', 'departed', day(4)],
  ),
  illegal('F7', 'a second acceptance', 'accepted', ACCEPTED, ['receiving', 'accepted', day(3)]),
  illegal('F7', 'a step after the end', 'completed', STORY, [
    'receiving',
    'followUpReported',
    day(201),
  ]),
  illegal('F7', 'a resumption by the side that does not hold', 'accepted', ACCEPTED, [
    'referring',
    'resumed',
    day(3),
  ]),
  illegal('F8', 'an acceptance without an offer', 'received', RECEIVED, [
    'receiving',
    'accepted',
    { ...day(2), sections: [] },
  ]),
  illegal(
    'F8',
    'a request that brings more than the minimum',
    'none',
    [],
    [
      'referring',
      'referralRequest',
      {
        ...day(0),
        sections: ['minimum', 'identity'],
        grants: [grantOf('receiving', 'contact', ['minimum', 'identity'])],
      },
    ],
  ),
  illegal('F8', 'a package without the section danger', 'accepted', ACCEPTED, [
    'referring',
    'packageReleased',
    { ...day(3), sections: ['consent', 'contact'] },
  ]),
  illegal('F9', 'an acceptance by one person alone', 'received', RECEIVED, [
    'receiving',
    'accepted',
    { ...day(2), body: bodyOf('accepted', { secondPerson: false }) },
  ]),
  illegal(
    'F9',
    'an answer to a question that nobody asked',
    'received',
    ASKED,
    [
      'referring',
      'clarificationGiven',
      { ...day(2), body: bodyOf('clarificationGiven', { answersSeq: 2 }) },
    ],
    [3],
  ),
  illegal(
    'F9',
    'an answer that brings more than minimum and a note before the acceptance',
    'received',
    ASKED,
    [
      'referring',
      'clarificationGiven',
      {
        ...day(2),
        sections: ['note', 'health'],
        grants: [grantOf('receiving', 'contact', ['health'])],
      },
    ],
    [3],
  ),
  illegal(
    'F9',
    'a package after a yes that was given before the acceptance',
    'accepted',
    ACCEPTED,
    [
      'referring',
      'packageReleased',
      {
        ...day(3),
        body: bodyOf('packageReleased', {
          reconfirmedAt: at + DAY,
          secondPerson: false,
          short: false,
        }),
      },
    ],
  ),
  illegal('F9', 'a short package that grants more', 'accepted', ACCEPTED, [
    'referring',
    'packageReleased',
    {
      ...day(3),
      body: bodyOf('packageReleased', {
        reconfirmedAt: at + 3 * DAY,
        secondPerson: false,
        short: true,
      }),
      sections: ['consent', 'contact', 'danger'],
    },
  ]),
  illegal('F9', 'a package 15 days after the risk was assessed', 'accepted', ACCEPTED, [
    'referring',
    'packageReleased',
    day(16),
  ]),
  illegal(
    'F9',
    'a departure with a yes to travel that is 73 hours old',
    'arrival-planned',
    PLANNED,
    [
      'referring',
      'departed',
      { ...day(9), body: departed({ travelAgreedAt: at + 9 * DAY - 73 * HOUR }) },
    ],
  ),
  illegal('F9', 'a departure without medicine and money', 'arrival-planned', PLANNED, [
    'referring',
    'departed',
    { ...day(9), body: departed({ medicineAndMoney: false }) },
  ]),
  illegal('F9', 'an arrival without the code word', 'travelling', DEPARTED, [
    'receiving',
    'arrived',
    { ...day(10), body: bodyOf('arrived', { codeWordGiven: false }) },
  ]),
  illegal('F9', 'an expiry before the answer is due', 'requested', REQUESTED, [
    'referring',
    'expired',
    day(2),
  ]),
  illegal('F9', 'case management taken before the first contact', 'arrived', ARRIVED, [
    'receiving',
    'caseManagementTaken',
    {
      ...day(11),
      body: bodyOf('caseManagementTaken', { firstContactDone: false, planAgreed: true }),
    },
  ]),
  illegal('F9', 'a correction that brings another section', 'accepted', ACCEPTED, [
    'referring',
    'sectionCorrected',
    {
      ...day(3),
      sections: ['health'],
      grants: [grantOf('receiving', 'package', ['health', 'note'])],
      body: bodyOf('sectionCorrected', { corrects: 'note' }),
    },
  ]),
  illegal('F6', 'a message before the last one of its author', 'received', RECEIVED, [
    'receiving',
    'accepted',
    { ...day(0), sentAt: at - 1 },
  ]),
  illegal('F6', 'a message more than 5 minutes before what it had read', 'requested', REQUESTED, [
    'receiving',
    'receiptConfirmed',
    { sentAt: at - 301, expiresAt: at + DAY },
  ]),
  illegal('F6', 'a message that lives longer than 30 days', 'requested', REQUESTED, [
    'receiving',
    'receiptConfirmed',
    { ...day(0), expiresAt: at + 30 * DAY + 1 },
  ]),
  illegal('F6', 'a message that is over when it is sent', 'requested', REQUESTED, [
    'receiving',
    'receiptConfirmed',
    { ...day(0), expiresAt: at },
  ]),
  illegal('F6', 'a message that has read less than one before it', 'received', ASSESSED, [
    'receiving',
    'accepted',
    { ...day(2), seen: 1 },
  ]),
  illegal(
    'F10',
    'a request without a grant for the minimum',
    'none',
    [],
    ['referring', 'referralRequest', { ...day(0), grants: [] }],
  ),
  illegal(
    'F10',
    'a request after the end of its grant',
    'none',
    [],
    [
      'referring',
      'referralRequest',
      { ...day(0), grants: [grantOf('receiving', 'contact', ['minimum'], at - 1)] },
    ],
  ),
  illegal('F10', 'a package on grants of the contact stage', 'accepted', ACCEPTED, [
    'referring',
    'packageReleased',
    {
      ...day(3),
      grants: [grantOf('receiving', 'contact', ['consent', 'contact', 'danger', 'identity'])],
    },
  ]),
  illegal(
    'F10',
    'a grant to an organisation outside the referral',
    'none',
    [],
    [
      'referring',
      'referralRequest',
      {
        ...day(0),
        grants: [...CONTACT_GRANTS, strangersGrant()],
      },
    ],
  ),
  illegal(
    'F10',
    'a section to the receiving side that only a grant of its own covers',
    'accepted',
    [
      ...ACCEPTED,
      [
        'receiving',
        'riskAssessed',
        { ...day(3), grants: [grantOf('receiving', 'package', ['danger'])] },
      ],
    ],
    ['referring', 'safetyNotice', day(3)],
  ),
];

function strangersGrant(): Grant {
  return { ...grantOf('receiving', 'contact', ['minimum']), recipient: 'https://stranger.example' };
}

function departed(change: object) {
  const fresh = at + 9 * DAY - HOUR;
  return bodyOf('departed', {
    travelAgreedAt: fresh,
    referringRiskReadAt: fresh,
    receivingRiskReadAt: fresh,
    medicineAndMoney: true,
    callOffered: true,
    ...change,
  });
}

/** A thread whose last message is illegal. */
function illegal(
  check: string,
  name: string,
  status: Status,
  lines: readonly Line[],
  last: Line,
  openQuestions: number[] = [],
): Scene {
  const [side] = last;
  const seq = lines.filter(([by]) => by === side).length + 1;
  const scene = { check, name, status, openQuestions, write: tell(...lines, last) };
  return { ...scene, except: { [side]: { [seq]: 'illegal' } } };
}

export const BOUNDS: Scene[] = [
  {
    name: 'a message exactly 5 minutes before what it had read, and one that lives exactly 30 days',
    check: 'F6',
    status: 'received',
    write: tell(...REQUESTED, [
      'receiving',
      'receiptConfirmed',
      { sentAt: at - 300, expiresAt: at - 300 + 30 * DAY },
    ]),
  },
  {
    name: 'a request in the last second of its grant',
    check: 'F10',
    status: 'requested',
    write: tell([
      'referring',
      'referralRequest',
      { ...day(0), grants: [grantOf('receiving', 'contact', ['minimum'], at)] },
    ]),
  },
  {
    name: 'an illegal message brings no grant',
    check: 'F10',
    status: 'accepted',
    except: { referring: { 4: 'illegal', 5: 'illegal' } },
    write: tell(
      ...ACCEPTED,
      ['referring', 'arrivalPlanned', { ...day(3), grants: [...PACKAGE_GRANTS] }],
      ['referring', 'packageReleased', { ...day(3), grants: [] }],
    ),
  },
  {
    name: 'a message judged by what its author had read: a clarification that crosses the acceptance',
    check: 'F2',
    status: 'accepted',
    except: { referring: { 3: 'illegal' } },
    write: tell(
      ...ASKED,
      ['receiving', 'accepted', day(2)],
      [
        'referring',
        'clarificationGiven',
        { ...day(2), seen: 3, sections: ['health'], grants: [...PACKAGE_GRANTS] },
      ],
    ),
    openQuestions: [3],
  },
];
