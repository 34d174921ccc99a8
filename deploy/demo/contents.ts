// What invented workers write on the way: the sections of the story's steps.
import type { CaseFile } from '#model/case-file.ts';
import { type SectionName } from '#model/codes.ts';
import { encodeSection, type SectionValue } from '#model/plan/sections.ts';
import type { Side } from '#model/track.ts';

export type SectionInput = { section: SectionName; content: Uint8Array };

/** A case, and the moment at which somebody writes about it. */
export type Writing = { caseFile: CaseFile; nowMs: number };

function section<S extends SectionName>(name: S, value: SectionValue<S>): SectionInput {
  return { section: name, content: encodeSection(name, value) };
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const timeOf = (ms: number) => new Date(ms).toISOString();
const DAY_MS = 24 * 60 * 60 * 1000;

const officeHours: SectionValue<'workers'>['keyContact']['hours'][number] = {
  days: ['mon', 'tue', 'wed', 'thu', 'fri'],
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

export function risk(side: Side, { caseFile, nowMs }: Writing): SectionInput {
  const { riskLevel } = caseFile.sections.minimum;
  return section('risk', {
    assessedOn: timeOf(nowMs),
    assessedBy: side === 'referring' ? 'Return counsellor' : 'Key worker',
    side,
    region: 'Example province',
    level: riskLevel,
    items: [
      {
        source: 'not-known',
        type: 'retaliation',
        level: riskLevel,
        likelihood: 2,
        severity: 5,
        mitigation: 'Another town than before; a new phone number.',
        owner: 'Key worker, receiving organisation',
        reviewBy: dayOf(nowMs + 14 * DAY_MS),
      },
    ],
    ownConcerns: [],
    protectiveFactors: ['A relative or friend of trust lives near.'],
    safetyPlanAgreed: 'yes',
  });
}

type ServiceAnswer = SectionValue<'offer'>['services'][number];

/** One answer for each service that was asked for. */
export function answers({ caseFile, nowMs }: Writing): ServiceAnswer[] {
  const start = dayOf(nowMs + 7 * DAY_MS);
  return caseFile.sections.minimum.services.map((code): ServiceAnswer => {
    const free = { code, freeOfAuthorities: true };
    if (code === 'livelihood.training') return { ...free, answer: 'waitlist' };
    if (code.startsWith('legal.') && code !== 'legal.information') {
      return {
        ...free,
        answer: 'partly',
        start,
        condition: 'By a lawyer of the legal-aid scheme.',
      };
    }
    if (!code.startsWith('accommodation.')) return { ...free, answer: 'offered', start };
    const rules = { mayGoOut: 'yes', keepPhone: 'yes', leaveWhenWanted: 'yes' } as const;
    return { ...free, answer: 'offered', start, lengthDays: 180, ...rules };
  });
}

export function offer(writing: Writing): SectionInput {
  return section('offer', { services: answers(writing) });
}

export function reason(code: SectionValue<'reason'>['code']): SectionInput {
  return section('reason', { code });
}

/** The meeting as the case has it, at the story's own time. */
export function arrival({ caseFile }: Writing, whenMs: number): SectionInput {
  const { arrival: planned } = caseFile.sections;
  if (!planned) throw new Error('the case of a story has a section arrival');
  return section('arrival', { ...planned, when: timeOf(whenMs) });
}

export function report({ nowMs }: Writing): SectionInput {
  return section('report', {
    doneOn: dayOf(nowMs),
    mode: 'in-person',
    personAgreed: true,
    inContact: 'yes',
    safety: 'safe',
  });
}
