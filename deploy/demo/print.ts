// How the demo talks: eighty columns, a timeline that a person enjoys, a line
// of progress where there is a terminal.
import { styleText } from 'node:util';

import type { Told } from './story.ts';

export type Output = {
  write(text: string): void;
  isTTY: boolean;
  color: boolean;
};

const WIDTH = 80;

export class Printer {
  readonly #out: Output;
  #progress = '';

  constructor(out: Output) {
    this.#out = out;
  }

  line(text = ''): void {
    this.#clear();
    this.#out.write(`${text}\n`);
  }

  /** Shown on a terminal only, and replaced by the next line. */
  progress(text: string): void {
    if (!this.#out.isTTY) return;
    this.#clear();
    this.#progress = `  … ${text}`.slice(0, WIDTH - 1);
    this.#out.write(this.#progress);
  }

  heading(text: string): void {
    this.line();
    this.line(this.#style('bold', text));
    this.line('─'.repeat(WIDTH));
  }

  paragraph(text: string, indent = 0): void {
    for (const line of wrap(text, WIDTH - indent)) this.line(' '.repeat(indent) + line);
  }

  check(ok: boolean, text: string): void {
    const [first = '', ...rest] = wrap(text, WIDTH - 4);
    this.line(`${this.#style(ok ? 'green' : 'red', ok ? '✓' : '✗')}   ${first}`);
    for (const line of rest) this.line(`    ${line}`);
  }

  beat(told: Told, name: string, startMs: number): void {
    const day = dayNumber(told.atMs) - dayNumber(startMs) + 1;
    const time = new Date(told.atMs).toISOString().slice(11, 16);
    const when = `day ${String(day).padStart(2)} ${time}`;
    const arrow = told.side === 'referring' ? '──►' : '◄──';
    this.line(`${this.#style('dim', when)}  ${arrow} ${this.#style('bold', name)}`);
    this.paragraph(told.words, 18);
    const sealed = told.sealed.length > 0 ? `sealed: ${told.sealed.join(', ')}` : 'no section';
    const people = told.people === 2 ? ' · two people' : '';
    const receipt = told.receiptVerified ? 'receipt verified' : 'NO RECEIPT';
    const proof = `${told.step} ${told.seq} signed · ${receipt}${people} · ${sealed}`;
    for (const line of wrap(proof, WIDTH - 18))
      this.line(`${' '.repeat(18)}${this.#style('dim', line)}`);
  }

  #style(style: 'bold' | 'dim' | 'green' | 'red', text: string): string {
    return this.#out.color ? styleText(style, text, { validateStream: false }) : text;
  }

  #clear(): void {
    if (this.#progress === '') return;
    this.#out.write(`\r${' '.repeat(this.#progress.length)}\r`);
    this.#progress = '';
  }
}

/** Calendar days, UTC. */
function dayNumber(ms: number): number {
  return Math.floor(ms / 86_400_000);
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
