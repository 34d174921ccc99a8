// What becomes of a message in its place: Receiving 10 to 13, and 16.
import { limits } from '#model/limits.ts';
import { consentFor } from '#test/model/consent-sample.ts';
import { bodyOf, DAY, grantOf, PACKAGE_GRANTS } from '#test/model/story.ts';
import { Scribe, type Written } from '../scribe.ts';
import { type DeliveryInput, givenSections } from './delivery.ts';
import { at, type Case, position, received, taken } from './receiving-case.ts';
import { day, until, withBody } from './scene.ts';

export async function refusals(): Promise<Case[]> {
  const { scribe, given } = await received();
  const base = day(1);
  const newer = await scribe.draw('referring', 'riskAssessed', base, {
    payload: (bytes) => withBody(bytes, [0xc2, 0x0c, 0x00]),
  });
  const garbled = await scribe.draw('referring', 'riskAssessed', base, {
    payload: (bytes) => Buffer.concat([bytes, Buffer.of(0x68, 0x01)]),
  });
  const back = await scribe.draw('referring', 'riskAssessed', {
    sentAt: at - 1,
    expiresAt: at + DAY,
  });
  const early = await scribe.draw('referring', 'riskAssessed', base);
  const long = await scribe.draw('referring', 'riskAssessed', {
    ...base,
    expiresAt: at + 31 * DAY + 1,
  });
  const refused = (
    check: string,
    name: string,
    arriving: Written,
    reason: string,
    now = at + DAY,
  ): Case => ({
    check,
    name,
    given,
    arriving,
    now,
    valid: false,
    expect: {
      verdict: 'refused',
      reason,
      sectionsTaken: [],
      read: position(arriving.entry),
      appended: {
        seq: 2,
        seenSeq: 2,
        refused: { seq: 2, digest: arriving.entry.digest, reason },
      },
      status: 'received',
    },
  });
  const skew = limits.clockSkewSecondsMax;
  return [
    refused('R11', 'a step that is not known here', newer, 'unsupported-version'),
    refused('R11', 'a payload that is not canonical', garbled, 'schema-violation'),
    refused('R11', 'a message that was sent before the last one of its author', back, 'time-order'),
    refused('R11', 'a message that lives longer than 30 days', long, 'time-order'),
    refused('R11', 'a message one second after its end', early, 'late', at + 31 * DAY + 1),
    {
      check: 'R11',
      name: 'a message in the last second of its life',
      given,
      arriving: early,
      now: at + 31 * DAY,
      expect: taken(scribe, early, 'received'),
    },
    {
      check: 'R10',
      name: 'a message more than 5 minutes in the future',
      given,
      arriving: early,
      now: at + DAY - skew - 1,
      expect: { error: 'CLOCK_OFF', status: 'received' },
    },
    {
      check: 'R10',
      name: 'a message 5 minutes in the future',
      given,
      arriving: early,
      now: at + DAY - skew,
      expect: taken(scribe, early, 'received'),
    },
  ];
}

export async function sections(): Promise<Case[]> {
  const { scribe, given } = await received();
  const risk = await scribe.draw('referring', 'riskAssessed', day(1));
  const [right] = givenSections(risk.contents);
  if (!right) throw new Error('the step has a section');
  const flip = (text: string) => `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`;
  const rejected = (name: string, brought: DeliveryInput['sections']): Case => ({
    check: 'R12',
    name,
    given,
    arriving: risk,
    sections: brought,
    expect: { error: 'SCHEMA_VIOLATION', status: 'received' },
  });
  return [
    rejected('a section with another content', [{ ...right, content: flip(right.content) }]),
    rejected('a section with another salt', [{ ...right, salt: flip(right.salt) }]),
    rejected('a section under another name', [{ ...right, section: 'note' }]),
    rejected('a section that the message does not name', [right, { ...right, section: 'note' }]),
    {
      ...rejected('a wrong section beside a message that is late', [
        { ...right, content: flip(right.content) },
      ]),
      now: at + 32 * DAY,
    },
    {
      check: 'R12',
      name: 'a message without the section that it names: it counts, nothing is taken',
      given,
      arriving: risk,
      sections: [],
      expect: taken(scribe, risk, 'received', { sectionsTaken: [] }),
    },
  ];
}

export async function verdicts(): Promise<Case[]> {
  const { scribe, given } = await received();
  const illegal = await scribe.draw('referring', 'departed', day(1));
  const end = at + 60;
  const ending = await new Scribe().draw('referring', 'referralRequest', {
    ...day(0),
    grants: [grantOf('receiving', 'contact', ['minimum'], end)],
  });
  const request = (rest: object) => taken(new Scribe(), ending, 'requested', rest);
  const accepted = await accept();
  const answer = await new Scribe().tell(until('referring', 'referralRequest'));
  const confirmed = await answer.draw('receiving', 'receiptConfirmed', day(0));
  return [
    {
      check: 'R14',
      name: 'the answer of homeward, at harbour',
      receiver: 'harbour',
      peer: 'homeward',
      given: [...answer.said],
      arriving: confirmed,
      expect: {
        verdict: 'taken',
        sectionsTaken: ['workers'],
        head: position(answer.thread.referring.at(-1)),
        read: position(confirmed.entry),
        status: 'received',
      },
    },
    {
      check: 'R13',
      name: 'a step that was illegal for its author takes its number and nothing else',
      given,
      arriving: illegal,
      valid: false,
      expect: taken(scribe, illegal, 'received', { verdict: 'void', sectionsTaken: [] }),
    },
    {
      check: 'R13',
      name: 'a section in the last second of its grant',
      arriving: ending,
      now: end,
      expect: request({ sectionsTaken: ['minimum'] }),
    },
    {
      check: 'R13',
      name: 'a section of which the grant has ended meanwhile is dropped; the step counts',
      arriving: ending,
      now: end + 1,
      valid: false,
      expect: request({ sectionsTaken: [] }),
    },
    accepted,
    ...(await packages()),
  ];
}

/** The package that crosses a withdrawal of one of its sections. */
async function accept(): Promise<Case> {
  const scribe = await new Scribe().tell(until('receiving', 'accepted'));
  const seen = scribe.thread.receiving.length;
  const body = bodyOf('consentWithdrawn', {
    whole: false,
    sections: ['identity'],
    stopReports: false,
    deleteSent: false,
    endServices: false,
    meetingWish: 'not-asked',
  });
  await scribe.say('receiving', 'consentWithdrawn', { ...day(3), body });
  const release = await scribe.draw('referring', 'packageReleased', {
    ...day(3),
    seen,
    grants: [...PACKAGE_GRANTS],
  });
  return {
    check: 'R13',
    valid: false,
    name: 'a package that crosses the withdrawal of one of its sections: that one is dropped',
    given: [...scribe.said],
    arriving: release,
    expect: taken(scribe, release, 'package-released', {
      sectionsTaken: ['consent', 'contact', 'danger'],
    }),
  };
}

/** Packages that are held against the consent receipt that comes with them. */
async function packages(): Promise<Case[]> {
  const scribe = await new Scribe().tell(until('receiving', 'accepted'));
  const receiver = 'https://homeward.example';
  const refusing = async (name: string, fault: string, receipt: unknown): Promise<Case> => {
    const arriving = await scribe.draw(
      'referring',
      'packageReleased',
      { ...day(3), grants: [...PACKAGE_GRANTS] },
      { receipt },
    );
    const { seq } = arriving.entry.envelope;
    return {
      check: 'R16',
      valid: false,
      name,
      given: [...scribe.said],
      arriving,
      expect: {
        verdict: 'taken',
        sectionsTaken: [],
        read: position(arriving.entry),
        appended: {
          seq: scribe.thread.receiving.length + 1,
          seenSeq: seq,
          packageRefused: { packageSeq: seq, fault },
        },
        status: 'accepted',
      },
    };
  };
  const yes = consentFor(receiver);
  const no = { ...yes.events[0], eventState: 'withdrawn' };
  return [
    await refusing('a section that the consent receipt does not name', 'exceeds-consent', {
      ...yes,
      piiInformation: ['consent', 'contact', 'danger'],
    }),
    await refusing(
      'a consent receipt for another organisation',
      'exceeds-consent',
      consentFor('https://harbour.example'),
    ),
    await refusing('a consent receipt that ends with a no', 'exceeds-consent', {
      ...yes,
      events: [...yes.events, no],
    }),
    await refusing('a consent receipt for the way back only', 'exceeds-consent', {
      ...yes,
      direction: 'from-recipient',
    }),
    await refusing('a consent receipt that cannot be read', 'undecryptable', { invented: 'no' }),
  ];
}
