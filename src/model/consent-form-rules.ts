// When a filled form is a valid answer: what was told, who could decide, and how long
// each yes may last. A no needs nothing; a yes needs all of it.
import { ConsentForm } from './consent-form.ts';
import { limits } from './limits.ts';
import { valueAt } from './plan/field-path.ts';
import { PACKAGE_SECTIONS_ALWAYS, STAGE_SECTIONS } from './plan/stage-sections.ts';
import { type Fault, schemaFaults } from './schema-faults.ts';

type Answer = ConsentForm['answers'][number] & { index: number };
type Readable = { at(...path: string[]): unknown; answers: Answer[]; yes: Answer[] };

const DAY_MS = 24 * 60 * 60 * 1000;

/** Every fault at once; none of them repeats a value. Empty for a valid form. */
export function consentFormFaults(value: unknown, nowMs: number): Fault[] {
  const found = schemaFaults(ConsentForm, value);
  const isKnown = ({ path }: Fault) => found.some((one) => one.path.join() === path.join());
  const form = read(value);
  const rules = [...questionFaults(form)];
  if (form.yes.length > 0) {
    rules.push(...neededFaults(form), ...personFaults(form), ...lawFaults(form));
    rules.push(...timeFaults(form, nowMs), ...endFaults(form), ...packageFaults(form));
  }
  return [...found, ...rules.filter((fault) => !isKnown(fault))];
}

function read(value: unknown): Readable {
  const at = (...path: string[]) => valueAt(value, path);
  const listed = at('answers');
  const item = ConsentForm.shape.answers.element;
  const answers = (Array.isArray(listed) ? listed.slice(0, limits.consentQuestionsMax) : [])
    .map((one, index) => ({ parsed: item.safeParse(one).data, index }))
    .flatMap(({ parsed, index }) => (parsed ? [{ ...parsed, index }] : []));
  return { at, answers, yes: answers.filter(({ answer }) => answer === 'yes') };
}

const fault = (path: PropertyKey[], what: string, remedy: string): Fault => ({
  path,
  what,
  remedy,
});

/** Path, the only value with which a yes is valid, and what to do otherwise. */
const MUST_BE: readonly (readonly [string, string, string])[] = [
  ['told.dangerGoesAlong', 'yes', 'Tell that danger goes with every package, then ask again.'],
  ['told.refusalChangesNothing', 'yes', 'Tell that a no changes nothing, then ask again.'],
  ['told.safetySearch', 'yes', 'Tell what stays usable for a safety search, then ask again.'],
  ['told.toldBack', 'yes', 'Let the person say in their own words what it means. Else wait.'],
  ['told.nobodyLinkedThere', 'yes', 'Ask again when nobody linked to a trafficker is there.'],
  ['capacity.able', 'able', 'Wait, and ask again later. An adult is presumed able.'],
];

/** Must be filled in for any yes. */
const MUST_STAND: readonly (readonly [string, string])[] = [
  ['answeredAt', 'Write when the person answered.'],
  ['language', 'Write the language in which you talked.'],
  ['told.ownDutiesToReport', 'Tell first what we must report by law. Write it here.'],
  ['told.theirDutiesToReport', 'Tell first what they must report by law. Write it here.'],
  ['interpreter.needed', 'Write yes or no.'],
  ['givenBy', 'Write who answered.'],
  ['form', 'Write the form of the yes.'],
  ['law.lawfulBasis', 'Write the lawful basis. The yes alone is none.'],
  ['law.article9Condition', 'Name the condition of Article 9.'],
  ['law.transferBasis', 'Write the basis of the transfer.'],
];

function neededFaults({ at }: Readable): Fault[] {
  const faults: Fault[] = [];
  for (const [name, wanted, remedy] of MUST_BE) {
    const path = name.split('.');
    const value = at(...path);
    if (value === wanted || value === undefined) continue;
    faults.push(fault(path, `must be ${wanted} for a yes`, remedy));
  }
  for (const [name, remedy] of MUST_STAND) {
    const path = name.split('.');
    if (at(...path) === null) faults.push(fault(path, 'is empty', remedy));
  }
  return faults;
}

function personFaults({ at }: Readable): Fault[] {
  const faults: Fault[] = [];
  const reasons = at('capacity', 'waitReasons');
  if (Array.isArray(reasons) && reasons.length > 0) {
    faults.push(
      fault(['capacity', 'waitReasons'], 'name a reason to wait', 'Wait, and ask again later.'),
    );
  }
  const byOrder = at('givenBy') === 'by-order';
  const order = at('capacity', 'order');
  if (byOrder && order === null) {
    const remedy = "Name the court's or authority's order. Else only the person decides.";
    faults.push(fault(['capacity', 'order'], 'is empty', remedy));
  } else if (!byOrder && order !== null && order !== undefined) {
    const remedy = 'Take the order out, or write by-order in givenBy.';
    faults.push(fault(['capacity', 'order'], 'is there, but the person answered', remedy));
  }
  if (at('givenBy') === 'guardian-with-assent' && at('childAssent') === null) {
    const remedy = "Ask the child. Without the child's own yes there is no consent.";
    faults.push(fault(['childAssent'], 'is empty', remedy));
  }
  return [...faults, ...interpreterFaults(at)];
}

function interpreterFaults(at: Readable['at']): Fault[] {
  if (at('interpreter', 'needed') !== 'yes') return [];
  const remedy = 'No independent interpreter, no consent: wait until one is there.';
  const wrong = ['independent', 'confidentialityPromised'].filter(
    (name) => at('interpreter', name) !== 'yes',
  );
  const empty = ['code', 'language'].filter((name) => at('interpreter', name) === null);
  return [
    ...wrong.map((name) => fault(['interpreter', name], 'must be yes for a yes', remedy)),
    ...empty.map((name) => fault(['interpreter', name], 'is empty', remedy)),
  ];
}

const OFFENCES: ReadonlySet<string> = new Set(['legal', 'exploitation']);

function lawFaults({ at, yes }: Readable): Fault[] {
  const faults: Fault[] = [];
  if (yes.some(({ section }) => OFFENCES.has(section)) && at('law', 'article10Law') === null) {
    const remedy = 'Name the law for data on offences, or answer no there.';
    faults.push(fault(['law', 'article10Law'], 'is empty', remedy));
  }
  const isSingle = at('law', 'transferBasis') === 'explicit-consent-single-case';
  if (isSingle && at('law', 'missingProtection') === null) {
    const remedy = 'Say what protection is missing there, and tell the person.';
    faults.push(fault(['law', 'missingProtection'], 'is empty', remedy));
  }
  const countries = at('law', 'storageCountries');
  if (Array.isArray(countries) && countries.length === 0) {
    const remedy = 'Write the countries where it is stored.';
    faults.push(fault(['law', 'storageCountries'], 'is empty', remedy));
  }
  return faults;
}

function timeFaults({ at }: Readable, nowMs: number): Fault[] {
  const answered = msOf(at('answeredAt'));
  const faults: Fault[] = [];
  if (answered > nowMs + limits.clockSkewSecondsMax * 1000) {
    faults.push(fault(['answeredAt'], 'lies in the future', 'Record it after the answer.'));
  }
  if (msOf(at('expectedArrival')) > answered + limits.consentArrivalDaysMax * DAY_MS) {
    const remedy = `Ask for the package later, at most ${limits.consentArrivalDaysMax} days before.`;
    faults.push(fault(['expectedArrival'], 'is too far away', remedy));
  }
  return faults;
}

function questionFaults({ answers }: Readable): Fault[] {
  const seen = new Set<string>();
  return answers.flatMap(({ section, stage, purpose, direction, index }) => {
    const key = `${section} ${stage} ${purpose} ${direction}`;
    if (!STAGE_SECTIONS[stage].includes(section)) {
      const remedy = `Take it out; stage ${stage} takes ${STAGE_SECTIONS[stage].join(', ')}.`;
      return [fault(['answers', index, 'section'], 'cannot be asked for this stage', remedy)];
    }
    if (seen.has(key)) {
      return [fault(['answers', index], 'is asked twice', 'Keep one of the two answers.')];
    }
    seen.add(key);
    return [];
  });
}

function endFaults({ at, yes }: Readable): Fault[] {
  const answered = msOf(at('answeredAt'));
  const arrival = msOf(at('expectedArrival'));
  return yes.flatMap(({ stage, until, index }) => {
    const path = ['answers', index, 'until'];
    const days = daysFor(stage, answered, arrival);
    const isLater = stage === 'package' || stage === 'follow-up';
    const from = isLater ? Math.max(answered, arrival) : answered;
    const counted = isLater && arrival > answered ? 'the arrival' : 'the answer';
    const remedy = `Write an end, at most ${days} days after ${counted}.`;
    if (until === null) return [fault(path, 'is empty, although the answer is yes', remedy)];
    if (answered === 0) return [];
    if (Date.parse(until) <= answered) return [fault(path, 'is before the answer', remedy)];
    // The whole last day counts.
    if (Date.parse(until) <= from + (days + 1) * DAY_MS) return [];
    return [fault(path, 'is too late', remedy)];
  });
}

function daysFor(stage: Answer['stage'], answered: number, arrival: number): number {
  const isRenewed = stage === 'package' && arrival > 0 && arrival <= answered;
  return isRenewed ? limits.consentRenewedDaysMax : limits.consentDaysMax[stage];
}

function packageFaults({ answers, yes }: Readable): Fault[] {
  const ofPackage = (all: Answer[]) =>
    all.filter((one) => one.stage === 'package' && one.direction === 'to-recipient');
  const given = ofPackage(yes);
  if (given.length === 0) return [];
  return PACKAGE_SECTIONS_ALWAYS.filter((name) => !given.some((one) => one.section === name)).map(
    (name) => {
      const asked = ofPackage(answers).find(({ section }) => section === name);
      const path = asked ? ['answers', asked.index, 'answer'] : ['answers'];
      const what = asked ? 'is a no, so no package can go' : `leave out ${name}`;
      const remedy =
        'Write no at the other package questions. Help here goes on: look for other ways.';
      return fault(path, what, asked ? remedy : 'Ask it too: no package goes without it.');
    },
  );
}

/** Zero where there is no time that can be read. */
function msOf(value: unknown): number {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}
