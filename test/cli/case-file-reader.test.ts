import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { limits } from '#model/limits.ts';
import { readCaseFile } from '#services/cli/case-file-reader.ts';
import { generatedDocs } from '#services/cli/make-schemas.ts';

const root = new URL('../../', import.meta.url);
const cases = new URL('deploy/cases/', root);
const adult = readFileSync(new URL('adult.yaml', cases), 'utf8');

function faultsOf(text: string, fileName = 'case.yaml') {
  const reading = readCaseFile(text, fileName);
  return reading.ok ? [] : reading.faults;
}

/** The adult's file with one line written otherwise, and that line's number. */
function with_(line: string, replacement: string, text = adult) {
  const lines = text.split('\n');
  const at = lines.findIndex((candidate) => candidate.trim() === line);
  if (at < 0) throw new Error(`the example has no line ${line}`);
  const indent = /^ */.exec(lines[at] ?? '')?.[0] ?? '';
  lines[at] = replacement === '' ? '' : indent + replacement;
  return { text: lines.join('\n'), line: at + 1, column: indent.length + 1 };
}

describe('examples of case files', () => {
  it.each(readdirSync(cases))('%s is read without a fault', (name) => {
    const text = readFileSync(new URL(name, cases), 'utf8');
    expect(readCaseFile(text, name)).toMatchObject({ ok: true });
  });

  it('are three or more, and one is a child', () => {
    const files = readdirSync(cases).map((name) => readFileSync(new URL(name, cases), 'utf8'));
    expect(files.length).toBeGreaterThanOrEqual(3);
    expect(files.some((text) => parse(text).sections.minimum.child === 'yes')).toBe(true);
  });

  it('say the same as JSON', () => {
    const yaml = readCaseFile(adult, 'adult.yaml');
    const json = readCaseFile(JSON.stringify(parse(adult), null, '\t'), 'adult.json');
    expect(json).toEqual(yaml);
  });
});

describe('one fault in a case file', () => {
  it.each([
    [
      'preferredName: Test Person One',
      'preferredName: 12',
      'sections.identity.preferredName',
      'must be text',
      'quotes',
    ],
    [
      'safe: only-when',
      'safe: true',
      'sections.contact.channels[0].safe',
      'is not one of the allowed values',
      'yes, no, only-when',
    ],
    ['version: 2', 'version: two', 'sections.plan.version', 'must be a number', 'without quotes'],
    [
      'withPerson: true',
      'withPerson: "yes"',
      'sections.needs.withPerson',
      'must be true or false',
      'without quotes',
    ],
    [
      'allergies: [Penicillin]',
      'allergies: Penicillin',
      'sections.health.allergies',
      'must be a list',
      '[]',
    ],
    [
      'interpreter: { used: false }',
      'interpreter: none',
      'sections.consent.interpreter',
      'must be a group of fields',
      'below',
    ],
    [
      'codeWord: blue kettle',
      'codeWord:',
      'sections.arrival.codeWord',
      'is empty',
      'leave the field out',
    ],
    [
      'basis: own-wish',
      'basis: ownwish',
      'sections.return.basis',
      'is not one of the allowed values',
      'Did you mean own-wish?',
    ],
    [
      '- health.treatment',
      '- health.treatmnt',
      'sections.minimum.services[1]',
      'is not one of the allowed values',
      'Did you mean health.treatment?',
    ],
    [
      'fromCountry: NL',
      'fromCountry: Netherlands',
      'sections.return.fromCountry',
      'is not written as it must be',
      'two capital letters',
    ],
    [
      'fromCountry: NL',
      'fromCountry: ZZ',
      'sections.return.fromCountry',
      'is not a country code of ISO 3166-1',
      'two capital letters',
    ],
    [
      'agreedOn: 2026-11-20',
      'agreedOn: 2026-02-30',
      'sections.plan.agreedOn',
      'is not written as it must be',
      'YYYY-MM-DD',
    ],
    [
      'phone: "+359700000002"',
      "phone: '0700 2'",
      'sections.arrival.metBy.phone',
      'is not written as it must be',
      'international form',
    ],
    [
      'phone: "+359700000002"',
      'phone: +359700000002',
      'sections.arrival.metBy.phone',
      'must be text',
      'quotes',
    ],
    [
      'afterMinutes: 60',
      'afterMinutes: 6000',
      'sections.arrival.ifNotThere.afterMinutes',
      'has more than 2880',
      'Shorten',
    ],
    [
      'localCode: HH-2026-0001',
      'localCode: Onova Testa',
      'localCode',
      'is not written as it must be',
      'letters',
    ],
    [
      'srxCaseFile: 1',
      'srxCaseFile: 2',
      'srxCaseFile',
      'is not one of the allowed values',
      'Write 1.',
    ],
  ])('%s written as %s is told at %s', (line, replacement, path, what, remedy) => {
    const changed = with_(line, replacement);
    const [fault, ...others] = faultsOf(changed.text);
    expect(others).toEqual([]);
    expect(fault).toMatchObject({ path, what, line: changed.line });
    const dash = line.startsWith('- ') ? 2 : 0; // an item begins after its dash
    expect(fault?.column).toBe(changed.column + dash);
    expect(fault?.remedy).toContain(remedy);
  });

  it('is told at its owner when a field is missing, with what the field is for', () => {
    const changed = with_('codeWord: blue kettle', '');
    const owner = adult.split('\n').findIndex((line) => line === '  arrival:') + 1;
    expect(faultsOf(changed.text)).toEqual([
      {
        path: 'sections.arrival.codeWord',
        line: owner,
        column: 3,
        what: 'is missing',
        remedy: 'Add it. The word that both say.',
      },
    ]);
  });

  it('is told at an unknown field with the name that was meant, not the one written', () => {
    const changed = with_('pronouns: she', 'pro_noun: she');
    expect(faultsOf(changed.text)).toEqual([
      {
        path: 'sections.identity',
        line: changed.line,
        column: 5,
        what: 'has a field that does not exist',
        remedy: 'Did you mean pronouns?',
      },
    ]);
  });

  it('names the known fields when none is near', () => {
    const [fault] = faultsOf(with_('pronouns: she', 'shoeSize: 38').text);
    expect(fault?.remedy).toContain('preferredName, pronouns, legalName');
  });

  it.each(['partners', 'others', 'https://*.example'])('refuses %s as a recipient', (recipient) => {
    const changed = with_(
      '- recipient: https://homeward-hands.example',
      `- recipient: '${recipient}'`,
    );
    const fault = faultsOf(changed.text).find(({ path }) => path === 'grants[0].recipient');
    expect(fault).toMatchObject({ line: changed.line });
    expect(fault?.remedy).toContain('exactly one organisation');
  });

  it('asks for the end of a grant', () => {
    const changed = with_('until: "2031-12-31T23:59:59Z"', '');
    const [fault, ...others] = faultsOf(changed.text);
    expect(others).toEqual([]);
    expect(fault).toMatchObject({ path: 'grants[0].until', what: 'is missing' });
    expect(fault?.remedy).toContain('When the yes ends');
  });

  it('is told for a field that stands twice, with the rest of the faults', () => {
    const changed = with_('pronouns: she', 'preferredName: Again');
    const both = with_('version: 2', 'version: two', changed.text);
    expect(faultsOf(both.text)).toMatchObject([
      { path: 'sections.identity', line: changed.line, what: 'has this field twice' },
      { path: 'sections.plan.version', line: both.line },
    ]);
  });
});

describe('several faults in a case file', () => {
  it('are told at once, each with its own line, in the order of the file', () => {
    const a = with_('preferredName: Test Person One', 'preferredName: 12');
    const b = with_('basis: own-wish', 'basis: wish', a.text);
    const c = with_('codeWord: blue kettle', 'codeWrod: blue kettle', b.text);
    const d = with_('sections: [minimum, note]', 'sections: [minimum, health]', c.text);
    const faults = faultsOf(d.text);
    expect(faults.map(({ path, line }) => [path, line])).toEqual([
      ['sections.identity.preferredName', a.line],
      ['sections.return.basis', b.line],
      ['sections.arrival.codeWord', expect.any(Number)],
      ['sections.arrival', c.line],
      ['grants[0].sections[1]', d.line],
    ]);
  });

  it('are bounded', () => {
    const wrong = Array.from({ length: 3000 }, (_, i) => `x${i}: 1`).join('\n');
    expect(faultsOf(wrong)).toHaveLength(limits.documentFaultsMax);
  });

  it('of JSON have lines too', () => {
    const lines = JSON.stringify(parse(adult), null, 2).split('\n');
    const at = lines.findIndex((line) => line.includes('"preferredName"'));
    lines[at] = '      "preferredName": 12,';
    expect(faultsOf(lines.join('\n'), 'adult.json')).toMatchObject([
      { path: 'sections.identity.preferredName', line: at + 1, column: 7 },
    ]);
  });
});

describe('a file that cannot be read', () => {
  it.each([
    ['an open quote', 'srxCaseFile: 1\nlocalCode: "ZZ-VALUE\n', 3],
    ['a tab', 'srxCaseFile: 1\nsections:\n\tminimum: ZZ-VALUE\n', 3],
    ['two colons', 'srxCaseFile: 1\nlocalCode: ZZ-VALUE: b\n', 2],
    ['a tag', 'srxCaseFile: 1\nlocalCode: !ZZ-VALUE x\n', 2],
    ['an alias', 'srxCaseFile: 1\nlocalCode: *ZZ-VALUE\n', 2],
    ['an anchor', 'srxCaseFile: 1\nlocalCode: &ZZ-VALUE x\n', 2],
    ['a merge of aliases', 'a: &ZZ-VALUE {b: 1}\nc:\n  <<: *ZZ-VALUE\n', 1],
    ['a second document', 'srxCaseFile: 1\n---\nlocalCode: ZZ-VALUE\n', 2],
    ['a key that is a list', '? [ZZ-VALUE]\n: 1\n', 1],
  ])('tells the line of %s and no value', (_, text, line) => {
    const faults = faultsOf(text);
    expect(faults.map((fault) => fault.line)).toContain(line);
    expect(JSON.stringify(faults)).not.toContain('ZZ-VALUE');
    for (const { what, remedy } of faults) expect([what, remedy]).not.toContain('');
  });

  it.each([
    ['nothing', ''],
    ['a list', '[]'],
    ['a text', 'case'],
    ['null', 'null'],
  ])('is told to hold fields when it holds %s', (_, text) => {
    expect(faultsOf(text)).toMatchObject([{ path: '', line: 1, column: 1 }]);
  });

  it.each([
    ['flow', '['.repeat(100_000)],
    ['closed flow', '{a: '.repeat(3000) + '1' + '}'.repeat(3000)],
    ['indentation', Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['dashes', '- '.repeat(50_000)],
    ['questions', '? '.repeat(50_000)],
    ['keys', Array.from({ length: 400_000 }, () => 'a: 1').join('\n')],
    ['length', 'a'.repeat(limits.caseFileBytesMax + 1)],
    ['many keys', Array.from({ length: 24_000 }, (_, i) => `x${i}: 1`).join('\n')],
  ])('is answered in time when its %s has no bound', (_, text) => {
    const start = performance.now();
    expect(faultsOf(text).length).toBeGreaterThan(0);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

describe('faults of a case file', () => {
  it('repeat no value and no unknown name, wherever a wrong one stands', () => {
    const value = parse(adult);
    const canary = 'ZZ-VALUE';
    const spoil = (here: unknown): unknown => {
      if (Array.isArray(here)) return [...here.map(spoil), { [canary]: canary }];
      if (typeof here !== 'object' || here === null) return [canary];
      const entries = Object.entries(here).map(([key, item]) => [key, spoil(item)]);
      return Object.fromEntries([...entries, [canary, canary]]);
    };
    const wrongTypes = faultsOf(JSON.stringify(spoil(value), null, 2), 'a.json');
    expect(wrongTypes.length).toBe(limits.documentFaultsMax);
    expect(JSON.stringify(wrongTypes)).not.toContain(canary);

    const replace = (here: unknown): unknown => {
      if (Array.isArray(here)) return here.map(replace);
      if (typeof here !== 'object' || here === null) return `${canary}\u0000`;
      return Object.fromEntries(Object.entries(here).map(([key, item]) => [key, replace(item)]));
    };
    const wrongTexts = faultsOf(JSON.stringify(replace(value), null, 2), 'a.json');
    expect(wrongTexts.length).toBeGreaterThan(100);
    expect(JSON.stringify(wrongTexts)).not.toContain(canary);
  });

  it('show no unknown name in a path either', () => {
    const text = 'srxCaseFile: 1\nZZ-VALUE:\n  a: 1\n  a: 2\n';
    expect(JSON.stringify(faultsOf(text))).not.toContain('ZZ-VALUE');
  });
});

describe('what is generated in docs', () => {
  it.each([...generatedDocs()])(
    '%s is what the code makes: node services/cli/make-schemas.ts',
    (path, text) => {
      expect(readFileSync(new URL(path, root), 'utf8')).toBe(text);
    },
  );
});
