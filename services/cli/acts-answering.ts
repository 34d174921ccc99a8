// Acts from the receipt to the package: who can be called, what is asked, who helps
// with what, and what was sent.
import { PACKAGE_FAULTS, SECTIONS } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import { type StepBody } from '#model/message.ts';
import {
  type ActVerb,
  bodyOf,
  givenSections,
  type Making,
  NOTE_OPTION,
  newestOfPartner,
  reasonAct,
  SECTION_OPTION,
  sectionOf,
} from './act.ts';
import { readNote, readSection } from './section-file.ts';
import { isoTime } from './text.ts';
import { readTime } from './times.ts';
import { UsageError } from './usage-error.ts';

const SEQ_MAX = limits.messagesPerChainMax;

export const ANSWERING_ACTS: readonly ActVerb[] = [
  {
    name: 'confirm',
    step: 'receiptConfirmed',
    by: 'receiving',
    summary: 'confirms the receipt and names the key contact and an alternate',
    example: '--workers workers.yaml',
    options: { workers: { value: 'FILE', help: 'section workers: two people, phones, hours' } },
    make: async (making) => ({
      body: bodyOf('receiptConfirmed', {}),
      sections: [await sectionOf(making, 'workers')],
    }),
  },
  {
    name: 'assess',
    step: 'riskAssessed',
    by: 'either',
    summary: 'sends an assessment of the risk; it answers the newest one of the partner',
    example: '--risk risk.yaml --assessed-on now',
    options: {
      risk: { value: 'FILE', help: 'section risk' },
      'assessed-on': { value: 'TIME', help: 'when, if not as the file says' },
      answers: { value: 'SEQ', help: 'number of the assessment that it answers; 0 for none' },
    },
    make: assess,
  },
  {
    name: 'ask',
    step: 'clarificationAsked',
    by: 'receiving',
    summary: 'asks about one section',
    example: '--about minimum --note question.txt',
    options: {
      about: { value: 'SECTION', help: 'what the question is about', choices: SECTIONS },
      ...NOTE_OPTION,
    },
    make: async ({ flags, io }) => ({
      body: bodyOf('clarificationAsked', {
        about: SECTIONS.find((name) => name === flags.required('about')) ?? 'note',
      }),
      sections: [await readNote(io, flags.required('note'))],
    }),
  },
  {
    name: 'answer',
    step: 'clarificationGiven',
    by: 'referring',
    summary: 'answers a question, inside what the person agreed to',
    example: '--note answer.txt',
    options: {
      question: { value: 'SEQ', help: 'number of the question (the newest)' },
      ...NOTE_OPTION,
      ...SECTION_OPTION,
    },
    make: answer,
  },
  {
    name: 'accept',
    step: 'accepted',
    by: 'receiving',
    summary: 'accepts, service by service; a second person agrees by a token of their own',
    example: '--offer offer.yaml --with second.token',
    options: { offer: { value: 'FILE', help: 'section offer: one answer for each service' } },
    make: async (making) => ({
      // The node states it, once the second token is another person's.
      body: bodyOf('accepted', { secondPerson: true }),
      sections: [await sectionOf(making, 'offer')],
    }),
  },
  reasonAct('decline', 'declined', {
    by: 'receiving',
    summary: 'declines, with a reason',
    example: '--reason no-capacity',
    severe: 'A declined referral stays declined; the person needs other help.',
  }),
  {
    name: 'confirm-package',
    step: 'packageReceived',
    by: 'receiving',
    summary: 'confirms that the package is whole and readable',
    example: '',
    options: { package: { value: 'SEQ', help: 'number of the package (the newest)' } },
    make: async (making) => ({
      body: bodyOf('packageReceived', { packageSeq: await packageSeq(making) }),
      sections: [],
    }),
  },
  {
    name: 'refuse-package',
    step: 'packageRefused',
    by: 'receiving',
    summary: 'says that the package cannot be used; the partner releases it again',
    example: '--fault missing-mandatory-section',
    options: {
      package: { value: 'SEQ', help: 'number of the package (the newest)' },
      fault: { value: 'CODE', help: 'what is wrong with it', choices: PACKAGE_FAULTS },
    },
    make: async (making) => ({
      body: bodyOf('packageRefused', {
        packageSeq: await packageSeq(making),
        fault: making.flags.required('fault') as StepBody<'packageRefused'>['fault'],
      }),
      sections: [],
    }),
  },
  {
    name: 'notify',
    step: 'safetyNotice',
    by: 'either',
    summary: 'tells the partner of a new danger; acknowledged within 4 hours',
    example: '--section danger=danger.yaml',
    options: { ...NOTE_OPTION, ...SECTION_OPTION },
    make: async (making) => {
      const sections = await givenSections(making);
      if (sections.length === 0) throw new UsageError('--section or --note is needed.');
      return { body: bodyOf('safetyNotice', {}), sections };
    },
  },
  {
    name: 'correct',
    step: 'sectionCorrected',
    by: 'either',
    summary: 'sends a new version of one section',
    example: '--section contact=contact.yaml',
    options: SECTION_OPTION,
    make: async (making) => {
      const sections = await givenSections(making);
      const [only, ...more] = sections;
      if (!only || more.length > 0) throw new UsageError('--section is needed, exactly once.');
      return { body: bodyOf('sectionCorrected', { corrects: only.section }), sections };
    },
  },
];

async function assess(making: Making) {
  const { flags, io } = making;
  const said = flags.text('assessed-on');
  const seconds = said === undefined ? undefined : readTime('assessed-on', said, io.clock);
  const given = seconds === undefined ? {} : { assessedOn: isoTime(seconds) };
  const { input, value } = await readSection(io, 'risk', flags.required('risk'), given);
  const answers = flags.count('answers', SEQ_MAX, 0);
  const answersSeq = answers ?? (await newestOfPartner(making, 'riskAssessed')) ?? 0;
  const assessedAt = Math.floor(Date.parse(value.assessedOn) / 1000);
  return { body: bodyOf('riskAssessed', { assessedAt, answersSeq }), sections: [input] };
}

async function answer(making: Making) {
  const sections = await givenSections(making);
  if (sections.length === 0) throw new UsageError('--note or --section is needed.');
  const asked = making.flags.count('question', SEQ_MAX);
  const answersSeq = asked ?? (await newestOfPartner(making, 'clarificationAsked'));
  if (answersSeq === undefined) throw new UsageError('The partner asked nothing yet.');
  return { body: bodyOf('clarificationGiven', { answersSeq }), sections };
}

async function packageSeq(making: Making): Promise<number> {
  const named = making.flags.count('package', SEQ_MAX);
  const seq = named ?? (await newestOfPartner(making, 'packageReleased'));
  if (seq === undefined) throw new UsageError('The partner released no package yet.');
  return seq;
}
