import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import {
  type CaseFile,
  parseCaseFile,
  CaseFile as Schema,
  withOrganisations,
} from '#model/case-file.ts';
import { caseFileFaults } from '#model/case-file-faults.ts';
import { grantUntilSeconds } from '#model/case-grant.ts';
import { limits } from '#model/limits.ts';
import { pathText } from '#model/plan/field-path.ts';
import { Refusal } from '#model/refusal.ts';

const PARTNER = 'https://homeward-hands.example';
const example = (name: string): CaseFile =>
  parse(readFileSync(new URL(`../../deploy/cases/${name}.yaml`, import.meta.url), 'utf8'));

/** Paths and faults of an example after a change. */
function faultsAfter(name: string, change: (file: CaseFile) => void): string[] {
  const file = structuredClone(example(name));
  change(file);
  const faults = caseFileFaults(file).map(({ path, what }) => `${pathText(path)} ${what}`);
  expect(Schema.safeParse(file).success).toBe(faults.length === 0);
  return faults;
}

const grantTo = (file: CaseFile, recipient: string, stage: string) => {
  const grant = file.grants.find((g) => g.recipient === recipient && g.stage === stage);
  if (!grant) throw new Error('the example lacks a grant');
  return grant;
};

describe('rules of a case file', () => {
  it('hold for every example', () => {
    for (const name of ['adult', 'child', 'labour'])
      expect(faultsAfter(name, () => {})).toEqual([]);
  });

  it('take no reflection of less than thirty days, and none without its day and language', () => {
    const after = (change: Record<string, unknown>) =>
      faultsAfter('adult', (file) => {
        if (!file.preparation?.reflection) throw new Error('the example has no reflection');
        Object.assign(file.preparation.reflection, change);
      });
    expect(after({ days: 45 })).toEqual([]);
    expect(after({ days: 29 })).toHaveLength(1);
    expect(after({ toldOn: 'in spring' })).toHaveLength(1);
    expect(after({ language: undefined })).toHaveLength(1);
  });

  it.each(['yes', 'in-doubt'] as const)('ask for section child when child is %s', (child) => {
    const faults = faultsAfter('adult', (file) => {
      file.sections.minimum.child = child;
      delete file.sections.minimum.ageBand;
    });
    expect(faults).toEqual([
      'sections.minimum.child says child or in doubt, but there is no section child',
    ]);
  });

  it('refuse section child for an adult, since the gates would not see it', () => {
    const faults = faultsAfter('child', (file) => {
      file.sections.minimum.child = 'no';
      delete file.sections.minimum.ageBand;
    });
    expect(faults).toEqual(['sections.child is there, although sections.minimum.child says no']);
  });

  it('refuse two levels of risk', () => {
    const faults = faultsAfter('labour', (file) => {
      file.sections.minimum.riskLevel = 'low';
    });
    expect(faults).toEqual(['sections.minimum.riskLevel differs from sections.risk.level']);
  });

  it.each(['high', 'not-known'] as const)('ask for section risk when it is %s', (level) => {
    const faults = faultsAfter('adult', (file) => {
      file.sections.minimum.riskLevel = level;
      delete file.sections.risk;
    });
    expect(faults).toContain(
      'sections.minimum.riskLevel is high or not known, but there is no section risk',
    );
  });

  it.each(['contact', 'consent', 'danger'] as const)(
    'ask for %s when a package is granted',
    (name) => {
      const faults = faultsAfter('adult', (file) => {
        delete file.sections[name];
      });
      expect(faults).toContain(`sections.${name} is missing, although a package is granted`);
      const without = faultsAfter('adult', (file) => {
        delete file.sections[name];
        file.grants = file.grants.filter((grant) => grant.stage !== 'package');
      });
      expect(without).toEqual([]);
    },
  );

  it('refuse a package that leaves out danger', () => {
    const faults = faultsAfter('adult', (file) => {
      const grant = grantTo(file, PARTNER, 'package');
      grant.sections = grant.sections.filter((name) => name !== 'danger');
    });
    expect(faults).toEqual(['grants[4].sections leave out danger, which go with every package']);
  });

  it('refuse a grant to the partner of a section that is not in the file', () => {
    const faults = faultsAfter('adult', (file) => {
      delete file.sections.legal;
    });
    expect(faults).toEqual(['grants[4].sections[10] is granted, but the file has no such section']);
  });

  it.each([
    ['contact', 'health'],
    ['assessment', 'identity'],
    ['follow-up', 'contact'],
    ['package', 'report'],
  ] as const)('refuse for stage %s a grant of %s', (stage, section) => {
    const faults = faultsAfter('adult', (file) => {
      const grant = file.grants.find((g) => g.stage === stage);
      if (grant) grant.sections = [...grant.sections, section];
    });
    expect(faults.some((fault) => fault.endsWith(`cannot be granted for stage ${stage}`))).toBe(
      true,
    );
  });

  it('refuse exploitation beside anything else', () => {
    const faults = faultsAfter('labour', (file) => {
      grantTo(file, PARTNER, 'package').sections.push('exploitation');
    });
    expect(faults).toEqual(['grants[4].sections[14] is granted together with other sections']);
  });

  it.each(['withdrawn', 'revoked', 'expired', 'refused'] as const)(
    'refuse a package when the consent is %s',
    (eventState) => {
      const faults = faultsAfter('adult', (file) => {
        const event = file.sections.consent?.events.at(-1);
        if (event) event.eventState = eventState;
      });
      expect(faults).toEqual([
        'sections.consent.events do not end with a yes, although a package is granted',
      ]);
    },
  );

  it('refuse a package of more than the consent covers, or to somebody else', () => {
    const more = faultsAfter('adult', (file) => {
      const consent = file.sections.consent;
      if (consent) consent.piiInformation = consent.piiInformation.filter((n) => n !== 'health');
    });
    expect(more).toEqual([
      'grants[4].sections[9] is not covered by sections.consent.piiInformation',
    ]);
    const other = faultsAfter('adult', (file) => {
      if (file.sections.consent) {
        file.sections.consent.recipientThirdParties = ['https://elsewhere.example'];
      }
    });
    expect(other).toEqual(['grants[4].recipient is not the recipient in sections.consent']);
  });

  it('refuse a package when nobody may get the minimum set', () => {
    const faults = faultsAfter('adult', (file) => {
      file.grants = file.grants.filter((grant) => !grant.sections.includes('minimum'));
    });
    expect(faults).toContain('grants have a package, but nobody may get the minimum set');
  });

  it('refuse a section over its bytes', () => {
    const faults = faultsAfter('adult', (file) => {
      const long = 'ж'.repeat(limits.textCharsMax);
      const need = { need: long, support: long };
      if (file.sections.health) {
        file.sections.health.disability = Array.from({ length: limits.listItemsMax }, () => need);
      }
    });
    expect(faults).toEqual([`sections.health has more than ${limits.sectionBytesMax} bytes`]);
  });
});

describe('a case file', () => {
  it('takes other organisations wherever one stands, and nothing else changes', () => {
    const file = Schema.parse(example('adult'));
    const before = JSON.stringify(file);
    const ids = new Map([
      ['https://harbour-house.example', 'https://localhost:7001'],
      [PARTNER, 'https://localhost:7002'],
    ]);
    const changed = withOrganisations(file, ids);
    expect(Schema.parse(changed)).toEqual(changed);
    expect(JSON.stringify(changed)).not.toMatch(/https:[^"]*[.]example/);
    const back = new Map([...ids].map(([from, to]) => [to, from]));
    expect(withOrganisations(changed, back)).toEqual(file);
    expect(JSON.stringify(file)).toBe(before);
  });

  it('gives the end of a grant in whole seconds, whatever its zone', () => {
    expect(grantUntilSeconds({ until: '1970-01-01T02:00:01.9+02:00' })).toBe(1);
  });

  it('is parsed from JSON by a node, which names places and never values', () => {
    const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    expect(parseCaseFile(bytes(example('child'))).localCode).toBe('HH-2026-0002');
    const wrong = { ...example('child'), localCode: 'ZZ VALUE', 'ZZ-KEY': 'ZZ-VALUE' };
    for (const input of [bytes(wrong), new TextEncoder().encode('{ZZ-VALUE')]) {
      let refusal: unknown;
      try {
        parseCaseFile(input);
      } catch (error) {
        refusal = error;
      }
      expect(refusal).toBeInstanceOf(Refusal);
      expect((refusal as Refusal).code).toBe('SCHEMA_VIOLATION');
      expect((refusal as Refusal).message).not.toContain('ZZ');
      expect((refusal as Refusal).cause).toBeUndefined();
    }
    expect(() => parseCaseFile(new Uint8Array(limits.caseFileBytesMax + 1))).toThrow(/at most/);
  });
});
