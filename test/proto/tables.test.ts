import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';

import { PERSONAL_SECTIONS, WORKING_SECTIONS } from '#model/codes.ts';
import {
  CLOSING,
  cross,
  isTerminal,
  PROGRESS,
  RECEIVING_CLOSINGS,
  RECEIVING_PHASES,
  REFERRING_CLOSINGS,
  REFERRING_PHASES,
  STATUSES,
} from '#model/crossing.ts';
import { limits } from '#model/limits.ts';
import { silentLog } from '#model/log.ts';
import { STEP_NAMES, STEP_SCHEMAS } from '#model/message.ts';
import { Refusal, type RefusalCode } from '#model/refusal.ts';
import { STEPS, stagesOf, type View } from '#model/steps.ts';
import { START } from '#model/track.ts';
import { TRUST_REASONS } from '#trust/trust-failure.ts';
import { statusOf } from '#wire/status.ts';
import { itemsAfter, markedTable, readDocument, tableOf } from './markdown.ts';

const [readme, fold, trust] = await Promise.all([
  readDocument('README'),
  readDocument('fold'),
  readDocument('trust'),
]);

const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const listOf = (cell: string) => (cell === '' ? [] : cell.split(',').map((item) => item.trim()));

describe('the tables of bounds', () => {
  it.each([
    ...tableOf(readme, 'name', 'value', 'of').lines,
    ...tableOf(trust, 'name', 'value', 'of').lines,
  ])('say of %s what the program keeps: %s', (name = '', value = '') => {
    expect(limits[name as keyof typeof limits]).toBe(Number(value));
  });

  it('name the size classes of parcels', () => {
    const classes = limits.parcelSizeClassesBytes.join(', ').replace(/, (\d+)$/, ' or $1');
    expect(readme).toContain(`size class: ${classes} bytes`);
  });
});

describe('the table of errors', () => {
  const { lines } = tableOf(readme, 'reason', 'gRPC status', 'meaning', 'the sender');

  it.each(lines)('gives %s the status %s', (reason = '', said = '') => {
    const told = statusOf(new Refusal(reason as RefusalCode, 'A test.'), {
      method: 'test',
      log: silentLog,
    });
    expect(status[told.code ?? -1]).toBe(said);
  });

  it('has every reason that a rule gives', () => {
    const reasons = new Set(lines.map(([reason]) => reason));
    const named = readme.match(/\b[A-Z]+_[A-Z_]+\b|\bMALFORMED\b|\bUNAUTHENTICATED\b/g) ?? [];
    const known: ReadonlySet<string> = new Set(Object.keys(status));
    const enums = /^(SECTION|STAGE|MILESTONE)_/;
    expect(named.filter((n) => !reasons.has(n) && !known.has(n) && !enums.test(n))).toEqual([]);
  });
});

describe('the list of bodies', () => {
  it('has every step with fields, and names each field', () => {
    const said = itemsAfter(readme, '\n**M4** ');
    for (const step of STEP_NAMES) {
      const fields = Object.keys(STEP_SCHEMAS[step].shape).map(snake);
      const text = said.get(snake(step));
      for (const field of fields) expect(text, `${step}.${field}`).toContain(`\`${field}\``);
      if (fields.length === 0) expect(text).toBeUndefined();
    }
  });
});

describe('the tables of statuses', () => {
  it.each([
    ['progress', PROGRESS, REFERRING_PHASES, RECEIVING_PHASES],
    ['closing', CLOSING, REFERRING_CLOSINGS, RECEIVING_CLOSINGS],
  ] as const)('have every cell as the program has it: %s', (name, table, rows, columns) => {
    const { names, lines } = markedTable(fold, name);
    expect(names).toEqual(['', ...columns]);
    expect(lines.map(([row]) => row)).toEqual([...rows]);
    const cells: Readonly<Record<string, Readonly<Record<string, string>>>> = table;
    for (const [row = '', ...line] of lines) {
      expect(line).toEqual(columns.map((column) => cells[row]?.[column]));
    }
  });

  it('are followed by every end', () => {
    const said = /The ends are ([^.]*)\./.exec(fold.replaceAll('\n', ' '))?.[1] ?? '';
    const ends = said.replaceAll('`', '').split(/, | and /);
    expect(ends.toSorted()).toEqual(STATUSES.filter(isTerminal).toSorted());
  });
});

/** Every view that can differ in a way that some step may ask for. */
function* views(): Generator<View> {
  for (const side of ['referring', 'receiving'] as const) {
    for (const phase of REFERRING_PHASES) {
      for (const theirPhase of RECEIVING_PHASES) {
        for (const closing of REFERRING_CLOSINGS) {
          for (const theirClosing of RECEIVING_CLOSINGS) {
            for (let flags = 0; flags < 128; flags += 1) {
              const is = (bit: number) => (flags & (1 << bit)) !== 0;
              const referring = { ...START.referring, phase, closing };
              const receiving = { ...START.receiving, phase: theirPhase, closing: theirClosing };
              const crossed = cross({
                referring,
                receiving,
                arrivalPlanned: is(0) && is(1),
                notArrived: is(2),
                withdrawn: is(3),
                interrupted: false,
              });
              yield {
                side,
                referring: { ...referring, arrivalPlanned: is(0), held: is(4) },
                receiving: {
                  ...receiving,
                  arrivalPlanned: is(1),
                  held: is(5),
                  asked: is(6) ? [3] : [],
                },
                ...crossed,
              };
            }
          }
        }
      }
    }
  }
}

const WORDS: Readonly<Record<string, (view: View) => boolean>> = {
  confirmed: (v) => v.receiving.phase !== 'none',
  accepted: (v) => !['none', 'received'].includes(v.receiving.phase),
  'not met': (v) => !['arrived', 'taken'].includes(v.receiving.phase),
  'not taken': (v) => v.receiving.phase === 'arrived',
  taken: (v) => v.receiving.phase === 'taken',
  'not handed': (v) => v.referring.phase !== 'handed',
  cancelling: (v) => v.referring.closing === 'cancelling',
  'not cancelling': (v) => v.referring.closing !== 'cancelling',
  'no hold': (v) => !v.referring.held && !v.receiving.held,
  'own hold': (v) => v[v.side].held,
  'no own hold': (v) => !v[v.side].held,
  'own arrival planned': (v) => v[v.side].arrivalPlanned,
  'own arrival not planned': (v) => !v[v.side].arrivalPlanned,
  'open question': (v) => v.receiving.asked.length > v.referring.answered.length,
};

const WHEN: Readonly<Record<string, (view: View) => boolean>> = {
  open: (v) => v.status !== 'none' && !isTerminal(v.status),
  known: (v) => v.status !== 'none',
  any: () => true,
  'before arrival': ({ status: is }) =>
    ['in-progress', 'arrival-planned', 'travelling', 'not-arrived'].includes(is),
  'after arrival': ({ status: is }) => ['arrived', 'handing-over', 'in-care'].includes(is),
  alarm: (v) => v.travellingWithoutReceiver,
};

function predicateOf(when: string, and: string): (view: View) => boolean {
  const statuses = listOf(when);
  const words = listOf(and).map((word) => {
    const found = WORDS[word];
    if (!found) throw new Error(`no such word: ${word}`);
    return found;
  });
  const isThen = statuses.map((name) => {
    if (WHEN[name]) return WHEN[name];
    expect(STATUSES).toContain(name);
    return (view: View) => view.status === name;
  });
  return (view) => isThen.some((is) => is(view)) && words.every((holds) => holds(view));
}

describe('the table of steps', () => {
  const { names, lines } = markedTable(fold, 'steps');
  const everyView = [...views()];

  it('has every step once, in the order of body.proto', () => {
    expect(names).toEqual(['step', 'by', 'when', 'and', 'needs', 'may bring', 'stages']);
    expect(lines.map(([step]) => step)).toEqual(STEP_NAMES.map(snake));
  });

  it.each(STEP_NAMES.map((step, i) => [step, ...(lines[i] ?? []).slice(1)] as const))(
    'says of %s what the program does, in every view',
    (step, by = '', when = '', and = '', needs = '', mayBring = '', stages = '') => {
      const rule = STEPS[step];
      expect(rule.by).toBe(by);
      const isReady = predicateOf(when, and);
      const differing = everyView.filter((view) => rule.ready(view) !== isReady(view));
      expect(differing.slice(0, 1)).toEqual([]);
      expect(rule.needs ?? []).toEqual(listOf(needs));
      const groups: Record<string, readonly string[]> = {
        'personal sections': PERSONAL_SECTIONS,
        'package sections': PERSONAL_SECTIONS.filter((section) => section !== 'report'),
      };
      expect(rule.allows ?? []).toEqual(groups[mayBring] ?? listOf(mayBring));
      for (const view of everyView.filter(rule.ready)) {
        const accepted = WORDS['accepted']?.(view) === true;
        const said =
          stages === 'by acceptance'
            ? accepted
              ? ['package', 'follow-up']
              : ['contact']
            : listOf(stages);
        if (stagesOf(step, view).join() !== said.join()) expect.fail(`${step} in ${view.status}`);
      }
    },
  );

  it('is followed by conditions for just the steps that have some', () => {
    const said = [...itemsAfter(fold, '### Conditions on the body').keys()];
    const having = STEP_NAMES.filter((step) => STEPS[step].lacks).map(snake);
    expect(said.toSorted()).toEqual(having.toSorted());
  });

  it('is followed by every section of both kinds', () => {
    const list = (kind: string) => {
      const said = new RegExp(`${kind} sections: ([^.]*)\\.`).exec(fold)?.[1] ?? '';
      return listOf(said.replaceAll('`', ''));
    };
    expect(list('Personal')).toEqual([...PERSONAL_SECTIONS]);
    expect(list('Working')).toEqual([...WORKING_SECTIONS]);
  });
});

describe('the reasons of trust', () => {
  it('are named each by the rule that gives it', () => {
    expect(TRUST_REASONS.filter((reason) => !trust.includes(`\`${reason}\``))).toEqual([]);
  });
});
