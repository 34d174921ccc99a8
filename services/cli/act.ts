// An act as data: the step, its flags, and how its body and sections come from
// them. One table of acts makes the verbs, their help and what show suggests.
import type { SectionName } from '#model/codes.ts';
import type { Body, StepBody, StepName } from '#model/message.ts';
import { STEP_REASONS, type StepWithReason } from '#model/plan/reason.ts';
import { encodeSection } from '#model/plan/sections.ts';
import type { CaseworkResponse } from '#wire/contracts/casework.ts';

import type { Flags } from './flags.ts';
import type { Io } from './io.ts';
import { readNote, readSection, readSectionFlag, type SectionInput } from './section-file.ts';
import { UsageError } from './usage-error.ts';
import type { Options } from './verb.ts';

export type View = CaseworkResponse<'getReferral'>;

/** What an act may look at while it is put together. */
export type Making = {
  flags: Flags;
  io: Io;
  /** The referral as it stands, asked for when it is needed. */
  view(): Promise<View>;
};

export type Made = { body: Body; sections: SectionInput[] };

export type ActVerb = {
  name: string;
  step: StepName;
  by: 'referring' | 'receiving' | 'either';
  summary: string;
  /** Flags of the example, after `srx referral NAME ID`. */
  example: string;
  options?: Options;
  /** Severe: what happens, asked before it does. */
  severe?: string;
  make(making: Making): Promise<Made>;
};

export const SECTION_OPTION: Options = {
  section: { value: 'NAME=FILE', help: 'a section, JSON or YAML', many: true },
};
export const NOTE_OPTION: Options = {
  note: { value: 'FILE', help: 'a text, as section note; - for standard input' },
};

export function reasonOption(step: StepWithReason): Options {
  return { reason: { value: 'CODE', help: 'why', choices: STEP_REASONS[step] } };
}

export function bodyOf<S extends StepName>(step: S, fields: StepBody<S>): Body {
  // The union is keyed by the step's own name; TypeScript cannot follow it there.
  return { step, [step]: fields } as unknown as Body;
}

/** The one section of a step, from the flag of its name. */
export async function sectionOf(
  { flags, io }: Making,
  name: SectionName,
  flag: string = name,
): Promise<SectionInput> {
  return (await readSection(io, name, flags.required(flag))).input;
}

export function reasonOf({ flags }: Making): SectionInput {
  return {
    section: 'reason',
    content: encodeSection('reason', { code: flags.required('reason') }),
  };
}

/** --note and every --section. */
export async function givenSections({ flags, io }: Making): Promise<SectionInput[]> {
  const note = flags.text('note');
  const sections = note === undefined ? [] : [await readNote(io, note)];
  for (const text of flags.texts('section')) {
    const { name, file } = readSectionFlag(text);
    if (sections.some(({ section }) => section === name)) {
      throw new UsageError(`Section ${name} stands twice.`);
    }
    sections.push((await readSection(io, name, file)).input);
  }
  return sections;
}

/** Number of the partner's newest message of this step that counts; undefined for none. */
export async function newestOfPartner(
  { view }: Making,
  step: StepName,
): Promise<number | undefined> {
  const { referral, timeline } = await view();
  return timeline
    .filter((line) => line.author === referral.partner && line.step === step)
    .filter((line) => line.verdict === 'counts')
    .reduce<number | undefined>((newest, { seq }) => Math.max(newest ?? 0, seq), undefined);
}

/** An act that says nothing but its step. */
export function plainAct<
  S extends 'caseManagementHanded' | 'resumed' | 'cancellationConfirmed' | 'expired',
>(name: string, step: S, by: ActVerb['by'], summary: string): ActVerb {
  const make = async () => ({ body: bodyOf(step, {} as StepBody<S>), sections: [] });
  return { name, step, by, summary, example: '', make };
}

/** An act whose reason travels sealed. */
export function reasonAct(
  name: string,
  step: Exclude<StepWithReason, 'held' | 'completed'>,
  rest: Pick<ActVerb, 'by' | 'summary' | 'example' | 'severe'>,
): ActVerb {
  return {
    name,
    step,
    ...rest,
    options: reasonOption(step),
    make: async (making) => ({ body: bodyOf(step, {}), sections: [reasonOf(making)] }),
  };
}
