import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

import type { CaseFile } from '#model/case-file.ts';
import { CopiedPlan, copyPlan, TAKEN_OUT } from '#model/person-copy-plan.ts';
import { readCaseFile } from '#services/cli/case-file-reader.ts';
import { canaryCase } from '#test/model/canary-case.ts';

async function sectionsOf(name: string): Promise<CaseFile['sections']> {
  const url = new URL(`../../deploy/cases/${name}`, import.meta.url);
  const read = readCaseFile(await readFile(url, 'utf8'), name);
  if (!read.ok) throw new Error(`the example ${name} is wrong`);
  return read.caseFile.sections;
}

const NAMES = ['adult.yaml', 'child.yaml', 'labour.yaml'];
const all = new Map(
  await Promise.all(NAMES.map(async (name) => [name, await sectionsOf(name)] as const)),
);
const adult = all.get('adult.yaml');
const child = all.get('child.yaml');
if (!adult?.arrival || !adult.plan || !adult.return || !child?.child) throw new Error('no example');
const { arrival, plan } = adult;

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

describe('the plan in her copy', () => {
  it.each(NAMES)('of %s has what is hers and fits its schema', (name) => {
    const sections = all.get(name);
    if (!sections) throw new Error('no example');
    const copied = copyPlan(sections, true);
    expect(CopiedPlan.parse(copied)).toEqual(copied);
    expect(copied).toMatchObject({ needs: sections.needs, identity: sections.identity });
    expect(copied.health).toEqual(sections.health);
  });

  it('says no place, route, time or address of where she is met and sleeps', () => {
    const text = JSON.stringify(copyPlan(adult, false));
    expect(Object.keys(copyPlan(adult, false))).not.toContain('arrival');
    const telling = [
      arrival.where,
      arrival.when,
      arrival.carrier ?? '',
      arrival.codeWord,
      arrival.onwardTo ?? '',
      arrival.metBy.name,
      arrival.metBy.phone,
      'Plovdiv',
      '2027-01-14',
      '2027-01-25',
      'bus station',
      'mail.example',
      '69e2783ff11c',
    ];
    for (const one of telling) expect(text).not.toContain(one);
    expect(text).toContain('A neurologist within two weeks');
  });

  it('has no field for them either, whatever was typed there', () => {
    const { minimum, contact, risk, return: journey } = copyPlan(adult, false);
    expect(minimum).not.toHaveProperty('window');
    expect(risk).not.toHaveProperty('region');
    expect(contact).not.toHaveProperty('placesToAvoid');
    expect(contact).not.toHaveProperty('codeWordHash');
    expect(contact?.channels.flatMap((one) => Object.keys(one))).not.toContain('address');
    for (const field of ['toRegion', 'mode', 'window', 'escort']) {
      expect(journey).not.toHaveProperty(field);
    }
    const fields = Object.keys(copyPlan(child, false).child ?? {});
    for (const field of ['receivingCaregiver', 'receivingAuthority', 'schoolPlace', 'escort']) {
      expect(fields).not.toContain(field);
    }
  });

  it('says of a place to sleep that there is one, and not whose it is', () => {
    const [first] = copyPlan(adult, false).plan?.services ?? [];
    expect(first).toEqual({ code: 'accommodation.transitional', status: 'agreed' });
    const course = copyPlan(adult, false).plan?.services.at(-2);
    expect(course).toEqual(plan.services.at(-2));
  });

  it('takes a text out where the place was typed in words of her own', () => {
    const words = `To be met at: ${arrival.where.toUpperCase()} Soon.`;
    const typed = { ...adult, plan: { ...plan, goals: [{ ...plan.goals[0]!, words }] } };
    expect(copyPlan(typed, false).plan?.goals[0]?.words).toBe(TAKEN_OUT);
    expect(copyPlan(adult, false).plan?.goals).toEqual(plan.goals);
  });

  it('leaves answers from a list as they are, whatever a place is called', () => {
    const called = { ...adult, return: { ...adult.return!, toRegion: 'Passport' } };
    const kinds = copyPlan(called, false).return?.documents.map(({ kind }) => kind);
    expect(kinds).toEqual(adult.return!.documents.map(({ kind }) => kind));
  });

  it('fits its schema whatever word of it stands in the place of meeting too', () => {
    const examples = [...all.values(), canaryCase().caseFile.sections];
    const wrong: string[] = [];
    for (const sections of examples) {
      const leaves = new Set(textsIn(copyPlan(sections, true)));
      expect(leaves.size).toBeGreaterThan(30);
      for (const word of [...leaves, 'Sofia', 'Amsterdam']) {
        const met = { ...sections, arrival: { ...arrival, where: word, codeWord: word } };
        const { success, error } = CopiedPlan.safeParse(copyPlan(met, true));
        if (!success) wrong.push(`${word}: ${error.issues[0]?.path.join('.')}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('names neither caregiver nor school of a child', () => {
    const text = JSON.stringify(copyPlan(child, true));
    const { receivingCaregiver, receivingAuthority, schoolPlace } = child.child!;
    for (const one of [receivingCaregiver, receivingAuthority]) {
      expect(text).not.toContain(one.name);
      expect(text).not.toContain(one.phone);
    }
    expect(text).not.toContain(schoolPlace.school ?? 'a school');
    expect(text).toContain(child.child!.views);
  });

  it('says what happened to her only when she asks for it', () => {
    const labour = all.get('labour.yaml')!;
    expect(labour.exploitation).toBeDefined();
    expect(copyPlan(labour, false)).not.toHaveProperty('exploitation');
    expect(copyPlan(labour, true).exploitation).toEqual(labour.exploitation);
  });
});
