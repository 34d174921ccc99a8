// Rules between the fields of a case file. They read a value that may be wrong
// elsewhere, so that a person sees every fault at once.
import { type CaseGrant, CaseGrant as Grant } from './case-grant.ts';
import type { PersonalSection } from './codes.ts';
import { limits } from './limits.ts';
import { Consent, consentState } from './plan/consent.ts';
import { valueAt } from './plan/field-path.ts';
import { isChild, isHighRisk, MinimumFields } from './plan/minimum.ts';
import {
  PACKAGE_SECTIONS_ALWAYS,
  SECTIONS_WRITTEN_LATER,
  STAGE_SECTIONS,
} from './plan/stage-sections.ts';

/** `what` and `remedy` hold names of fields and codes, never a value. */
export type RuleFault = { path: PropertyKey[]; what: string; remedy: string };

/** A grant that is well formed, with its place in the file. */
type PlacedGrant = CaseGrant & { index: number };

/** What of the file is well formed enough to judge. */
type Readable = {
  value: unknown;
  present: ReadonlySet<string>;
  grants: PlacedGrant[];
  everyGrantIsRead: boolean;
  /** Recipients of the minimum set: the receiving organisations. */
  partners: ReadonlySet<string>;
};

export function caseFileRuleFaults(value: unknown): RuleFault[] {
  const file = read(value);
  return [
    ...sizes(file),
    ...childRules(file),
    ...riskRules(file),
    ...file.grants.flatMap((grant) => grantRules(file, grant)),
    ...packageRules(file),
    ...consentRules(file),
  ];
}

function read(value: unknown): Readable {
  const sections = valueAt(value, ['sections']);
  const present = typeof sections === 'object' && sections !== null ? Object.keys(sections) : [];
  const grants: PlacedGrant[] = [];
  const listed = valueAt(value, ['grants']);
  if (Array.isArray(listed)) {
    for (const [index, item] of listed.slice(0, limits.grantsPerMessageMax).entries()) {
      const grant = Grant.safeParse(item);
      if (grant.success) grants.push({ ...grant.data, index });
    }
  }
  const first = grants.filter((g) => g.stage === 'contact' && g.sections.includes('minimum'));
  return {
    value,
    present: new Set(present),
    grants,
    everyGrantIsRead: Array.isArray(listed) && listed.length === grants.length,
    partners: new Set(first.map((g) => g.recipient)),
  };
}

function sizes({ value, present }: Readable): RuleFault[] {
  const faults: RuleFault[] = [];
  for (const name of present) {
    const text = JSON.stringify(valueAt(value, ['sections', name])) ?? '';
    if (new TextEncoder().encode(text).length <= limits.sectionBytesMax) continue;
    faults.push({
      path: ['sections', name],
      what: `has more than ${limits.sectionBytesMax} bytes`,
      remedy: 'Shorten its texts.',
    });
  }
  return faults;
}

function childRules({ value, present }: Readable): RuleFault[] {
  const child = MinimumFields.shape.child.safeParse(
    valueAt(value, ['sections', 'minimum', 'child']),
  );
  if (!child.success || isChild({ child: child.data }) === present.has('child')) return [];
  if (present.has('child')) {
    return [
      {
        path: ['sections', 'child'],
        what: 'is there, although sections.minimum.child says no',
        remedy: 'Take the section out, or answer yes or in-doubt in sections.minimum.child.',
      },
    ];
  }
  return [
    {
      path: ['sections', 'minimum', 'child'],
      what: 'says child or in doubt, but there is no section child',
      remedy: 'Add sections.child: guardian, best-interests decision, views of the child, care.',
    },
  ];
}

function riskRules({ value, present, grants }: Readable): RuleFault[] {
  const shape = MinimumFields.shape.riskLevel;
  const level = shape.safeParse(valueAt(value, ['sections', 'minimum', 'riskLevel']));
  if (!level.success) return [];
  const packaged = grants.some((grant) => grant.stage === 'package');
  if (!present.has('risk')) {
    if (!packaged || !isHighRisk({ riskLevel: level.data })) return [];
    return [
      {
        path: ['sections', 'minimum', 'riskLevel'],
        what: 'is high or not known, but there is no section risk',
        remedy: 'Add sections.risk before a package is granted.',
      },
    ];
  }
  const assessed = shape.safeParse(valueAt(value, ['sections', 'risk', 'level']));
  if (!assessed.success || assessed.data === level.data) return [];
  return [
    {
      path: ['sections', 'minimum', 'riskLevel'],
      what: 'differs from sections.risk.level',
      remedy: 'Write the same level in both; who must release depends on it.',
    },
  ];
}

function grantRules({ present, partners }: Readable, grant: PlacedGrant): RuleFault[] {
  const faults: RuleFault[] = [];
  const may: readonly PersonalSection[] = STAGE_SECTIONS[grant.stage];
  const fromFile = partners.has(grant.recipient) && ['contact', 'package'].includes(grant.stage);
  for (const [i, name] of grant.sections.entries()) {
    const path = ['grants', grant.index, 'sections', i];
    if (!may.includes(name)) {
      faults.push({
        path,
        what: `cannot be granted for stage ${grant.stage}`,
        remedy: `Take it out; stage ${grant.stage} takes ${may.join(', ')}.`,
      });
    } else if (name === 'exploitation' && grant.sections.length > 1) {
      faults.push({
        path,
        what: 'is granted together with other sections',
        remedy: 'Ask for it alone and write a grant of its own for it.',
      });
    } else if (fromFile && !present.has(name) && !SECTIONS_WRITTEN_LATER.has(name)) {
      faults.push({
        path,
        what: 'is granted, but the file has no such section',
        remedy: `Add sections.${name}, or take it out of the grant.`,
      });
    }
  }
  return faults;
}

function packageRules({ present, partners, grants, everyGrantIsRead }: Readable): RuleFault[] {
  const packages = grants.filter((grant) => grant.stage === 'package');
  if (packages.length === 0) return [];
  const faults: RuleFault[] = [];
  for (const name of PACKAGE_SECTIONS_ALWAYS) {
    if (present.has(name)) continue;
    faults.push({
      path: ['sections', name],
      what: 'is missing, although a package is granted',
      remedy: 'Add the section: no package goes without it.',
    });
  }
  if (partners.size === 0 && everyGrantIsRead) {
    faults.push({
      path: ['grants'],
      what: 'have a package, but nobody may get the minimum set',
      remedy: 'Add a grant of section minimum for stage contact to the receiving organisation.',
    });
  }
  for (const partner of partners) {
    const own = packages.filter((grant) => grant.recipient === partner);
    const first = own[0];
    const missing = PACKAGE_SECTIONS_ALWAYS.filter((n) => !own.some((g) => g.sections.includes(n)));
    if (!first || missing.length === 0) continue;
    faults.push({
      path: ['grants', first.index, 'sections'],
      what: `leave out ${missing.join(', ')}, which go with every package`,
      remedy: 'Ask the person and add them, or take the package out.',
    });
  }
  return faults;
}

function consentRules({ value, present, partners, grants }: Readable): RuleFault[] {
  const packages = grants.filter((g) => g.stage === 'package' && partners.has(g.recipient));
  if (packages.length === 0 || !present.has('consent')) return [];
  const path = ['sections', 'consent'];
  const parsed = <K extends keyof typeof Consent.shape>(key: K) =>
    Consent.shape[key].safeParse(valueAt(value, [...path, key]));
  const faults: RuleFault[] = [];

  const events = parsed('events');
  const state = events.success
    ? consentState({ events: events.data as Consent['events'] })
    : 'given';
  if (state !== 'given' && state !== 'renewed') {
    faults.push({
      path: [...path, 'events'],
      what: 'do not end with a yes, although a package is granted',
      remedy: 'Ask the person; without a yes take the package out of the grants.',
    });
  }
  const covered = parsed('piiInformation').data as readonly string[] | undefined;
  const recipient = parsed('recipientThirdParties').data as readonly string[] | undefined;
  for (const grant of packages) {
    if (recipient && !recipient.includes(grant.recipient)) {
      faults.push({
        path: ['grants', grant.index, 'recipient'],
        what: 'is not the recipient in sections.consent',
        remedy: 'Correct the wrong one; one file holds the consent for one receiving organisation.',
      });
    }
    for (const [i, name] of grant.sections.entries()) {
      if (!covered || covered.includes(name)) continue;
      faults.push({
        path: ['grants', grant.index, 'sections', i],
        what: 'is not covered by sections.consent.piiInformation',
        remedy: 'Correct whichever is not what the person said.',
      });
    }
  }
  return faults;
}
