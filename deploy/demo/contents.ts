// What invented workers write on the way: the sections of the story's steps.
import type { Clock } from '#model/clock.ts';
import { type SectionName } from '#model/codes.ts';
import { encodeSection, type SectionValue } from '#model/plan/sections.ts';
import type { Side } from '#model/track.ts';

export type SectionInput = { section: SectionName; content: Uint8Array };

function section<S extends SectionName>(name: S, value: SectionValue<S>): SectionInput {
  return { section: name, content: encodeSection(name, value) };
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const timeOf = (ms: number) => new Date(ms).toISOString();
const DAY_MS = 24 * 60 * 60 * 1000;

const officeHours = {
  days: ['mon', 'tue', 'wed', 'thu', 'fri'] as ('mon' | 'tue' | 'wed' | 'thu' | 'fri')[],
  from: '09:00',
  to: '17:00',
  zone: 'Europe/Sofia',
};

export function workers(): SectionInput {
  const hours = [officeHours];
  return section('workers', {
    keyContact: {
      name: 'Worker Example Two',
      role: 'Key worker',
      phone: '+359700000002',
      hours,
    },
    alternateContact: {
      name: 'Duty Example',
      role: 'Duty contact',
      phone: '+359700000009',
      hours,
    },
  });
}

export function note(text: string): SectionInput {
  return section('note', { text });
}

export function risk(side: Side, clock: Clock): SectionInput {
  const now = clock.now();
  return section('risk', {
    assessedOn: timeOf(now),
    assessedBy: side === 'referring' ? 'Return counsellor' : 'Key worker',
    side,
    region: 'Example province',
    level: 'medium',
    items: [
      {
        source: 'partner',
        type: 'retaliation',
        level: 'medium',
        likelihood: 2,
        severity: 5,
        mitigation: 'Lives in another town than before; a new phone number.',
        owner: 'Key worker, receiving organisation',
        reviewBy: dayOf(now + 14 * DAY_MS),
      },
    ],
    ownConcerns: [],
    protectiveFactors: ['A cousin whom she trusts.'],
    safetyPlanAgreed: 'yes',
  });
}

export function offer(clock: Clock): SectionInput {
  const start = dayOf(clock.now() + 7 * DAY_MS);
  const free = { freeOfAuthorities: true };
  return section('offer', {
    services: [
      {
        code: 'accommodation.transitional',
        answer: 'offered',
        ...free,
        start,
        lengthDays: 180,
        mayGoOut: 'yes',
        keepPhone: 'yes',
        leaveWhenWanted: 'yes',
      },
      { code: 'health.treatment', answer: 'offered', ...free, start },
      { code: 'mhpss.counselling', answer: 'offered', ...free, start },
      {
        code: 'legal.compensation',
        answer: 'partly',
        ...free,
        condition: 'With the bar’s scheme.',
      },
      { code: 'livelihood.training', answer: 'waitlist', ...free },
    ],
  });
}

export function reason(code: SectionValue<'reason'>['code']): SectionInput {
  return section('reason', { code });
}

export function arrival(clock: Clock): SectionInput {
  return section('arrival', {
    where: 'Arrivals hall, under the large clock.',
    when: timeOf(clock.now() + 6 * DAY_MS),
    carrier: 'Invented Air IA 0123',
    metBy: { name: 'Worker Example Two', role: 'Key worker', phone: '+359700000002' },
    codeWord: 'blue kettle',
    ifNotThere: {
      afterMinutes: 60,
      call: [{ name: 'Duty Example', role: 'Duty contact', phone: '+359700000009' }],
      neverCall: ['Family home'],
      tellAuthority: 'no',
    },
  });
}

export function report(clock: Clock): SectionInput {
  return section('report', {
    doneOn: dayOf(clock.now()),
    mode: 'in-person',
    personAgreed: true,
    inContact: 'yes',
    safety: 'safe',
  });
}
