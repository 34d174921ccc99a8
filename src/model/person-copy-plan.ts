// The plan for the person's own copy: no place, route, exact time or address of a
// shelter. What is left out here is also taken out of free text elsewhere.
import { z } from 'zod';

import type { CaseFile } from './case-file.ts';
import { Child } from './plan/child.ts';
import { Contact } from './plan/contact.ts';
import { Danger } from './plan/danger.ts';
import { Documents } from './plan/documents.ts';
import { Exploitation } from './plan/exploitation.ts';
import { Family } from './plan/family.ts';
import { Health } from './plan/health.ts';
import { Identity } from './plan/identity.ts';
import { Legal } from './plan/legal.ts';
import { MinimumFields } from './plan/minimum.ts';
import { Needs } from './plan/needs.ts';
import { Plan } from './plan/plan.ts';
import { Return } from './plan/return.ts';
import { Risk } from './plan/risk.ts';

/** Stands where a text was taken out. */
export const TAKEN_OUT = 'Your worker knows the details.';

/** Shorter texts are too common to look for elsewhere. */
const TELLING_CHARS = 4;

const channel = Contact.shape.channels.unwrap();
const document = Documents.shape.items.unwrap();

// `z.object` drops what it does not name.
export const CopiedPlan = z
  .object({
    minimum: z.object(MinimumFields.shape).omit({ window: true }),
    identity: Identity,
    contact: z
      .object({
        ...Contact.shape,
        channels: z.array(z.object(channel.shape).omit({ address: true })),
      })
      .omit({ placesToAvoid: true, codeWordHash: true }),
    danger: Danger,
    risk: z.object(Risk.shape).omit({ region: true }),
    return: z.object(Return.shape).pick({
      basis: true,
      basisNote: true,
      fromCountry: true,
      toCountry: true,
      optionsExplained: true,
      documents: true,
      fitToTravel: true,
      fitToTravelOn: true,
    }),
    needs: Needs,
    plan: Plan,
    health: Health,
    legal: Legal,
    family: Family,
    child: z.object(Child.shape).omit({
      receivingCaregiver: true,
      receivingAuthority: true,
      schoolPlace: true,
      escort: true,
    }),
    exploitation: Exploitation,
    documents: z.object({ items: z.array(z.object(document.shape).omit({ digest: true })) }),
  })
  .partial()
  .describe('The plan, section by section.');
export type CopiedPlan = z.infer<typeof CopiedPlan>;

/** @param withExploitation only when the person asks for it by name */
export function copyPlan(sections: CaseFile['sections'], withExploitation: boolean): CopiedPlan {
  const { exploitation, plan, ...rest } = sections;
  const copied = CopiedPlan.parse({
    ...rest,
    ...(plan && { plan: { ...plan, services: plan.services.map(withoutPlace) } }),
    ...(withExploitation && exploitation && { exploitation }),
  });
  return takenOut(copied, tellingTexts(sections)) as CopiedPlan;
}

type Service = NonNullable<CaseFile['sections']['plan']>['services'][number];

/** Where somebody sleeps or is met, the provider and the day say where and when. */
function withoutPlace(service: Service): Service {
  return saysWhere(service) ? { code: service.code, status: service.status } : service;
}

function saysWhere({ code }: Service): boolean {
  return /^(accommodation|arrival|safety)\./.test(code);
}

/** Texts of what was left out that would lead somebody there. */
function tellingTexts(sections: CaseFile['sections']): string[] {
  const { arrival, contact, risk, child, plan } = sections;
  const { where, when, carrier, codeWord, onwardTo, metBy } = arrival ?? {};
  const people = [metBy, child?.receivingCaregiver, child?.receivingAuthority, child?.escort];
  const left = [
    [where, when, carrier, codeWord, onwardTo, metBy?.knownBy],
    people.map((one) => [one?.name, one?.phone]),
    contact?.placesToAvoid,
    contact?.channels.map(({ address }) => address),
    [risk?.region, sections.return?.toRegion, child?.schoolPlace.school],
    plan?.services.filter(saysWhere).map(({ provider, remark }) => [provider, remark]),
  ];
  const texts = textsOf(left).map((text) => text.toLowerCase());
  return texts.filter((text) => text.length >= TELLING_CHARS);
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

/** What was left out may have been typed elsewhere too: such a text goes as a whole. */
function takenOut(value: unknown, telling: readonly string[]): unknown {
  if (typeof value === 'string') {
    const text = value.toLowerCase();
    return telling.some((one) => text.includes(one)) && isFreeText(value) ? TAKEN_OUT : value;
  }
  if (Array.isArray(value)) return value.map((one) => takenOut(one, telling));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, takenOut(one, telling)]),
  );
}

// A day, a time or a date-time; a telephone number; a time zone; a language; a country
// or currency; a digest. Their form leaves no room for words.
const FORMS = [
  /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/,
  /^\d{2}:\d{2}$/,
  /^\+\d+$/,
  /^(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Etc|Europe|Indian|Pacific)\/[\w+/-]+$/,
  /^[a-z]{2,3}(-[A-Za-z0-9]+)*$/,
  /^[A-Z]{2,3}$/,
  /^[0-9a-f]{64}$/,
];

/** And no answer from a list: `other` stays `other`, whatever a carrier is called. */
function isFreeText(value: string): boolean {
  return !codes().has(value) && !FORMS.some((form) => form.test(value));
}

let allCodes: ReadonlySet<string> | undefined;

function codes(): ReadonlySet<string> {
  allCodes ??= new Set(codesIn(z.toJSONSchema(CopiedPlan, { io: 'input' })));
  return allCodes;
}

function codesIn(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = 'enum' in schema ? textsOf(schema.enum) : [];
  return [...own, ...Object.values(schema).flatMap(codesIn)];
}
