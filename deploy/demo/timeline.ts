// The demo for people: a timeline of eighty columns, with a line of progress
// where there is a terminal.
import { styleText } from 'node:util';

import type { Side } from '#model/track.ts';
import type { Io } from '#services/cli/io.ts';
import { block, columns, WIDTH, wrap } from '#services/cli/text.ts';
import { type Chapter, quoted } from './commands.ts';
import { ORGANISATIONS } from './federation.ts';
import type { Check } from './prove.ts';
import type { Told } from './story.ts';
import type { Cast, Summary, Teller } from './teller.ts';

type Style = 'bold' | 'dim' | 'green' | 'red' | 'cyan' | 'magenta';

const INDENT = 9;
const NAME_STYLES: Record<Side, Style> = { referring: 'cyan', receiving: 'magenta' };

export class Timeline implements Teller {
  readonly #io: Io;
  readonly #isColoured: boolean;
  #progress = '';
  #day = 0;
  #hasChecks = false;

  constructor(io: Io, looks: { noColor: boolean }) {
    this.#io = io;
    this.#isColoured = io.isTty.stdout && !looks.noColor && !io.env['NO_COLOR'];
  }

  opening(): void {
    this.#line(
      this.#style('bold', 'SRX, the Safe Return Exchange: one referral crosses a border.'),
    );
    this.#line('People and organisations are invented; what happens between them is real.');
  }

  /** In place, and gone with the next line. */
  progress(text: string): void {
    const { isTty, signal } = this.#io;
    if (!isTty.stderr || signal.aborted) return;
    const line = `  … ${text}`.slice(0, WIDTH - 1);
    if (line === this.#progress) return;
    this.#clear();
    this.#progress = line;
    this.#io.stderr(isTty.stdout ? line : `${line}\n`);
  }

  notice(text: string): void {
    this.#clear();
    this.#io.stderr(`${text}\n`);
  }

  cast({ federation, caseFile }: Cast): void {
    const { referring, receiving } = ORGANISATIONS;
    const { registry } = federation;
    this.#heading('Who takes part');
    this.#lines(
      columns([
        [
          caseFile.sections.identity?.preferredName ?? 'A person',
          'wants to go home. She decides what is shared, and with whom.',
        ],
        [referring.name, 'is where she is now, and starts the referral.'],
        [receiving.name, 'is where she goes, and will meet her.'],
        ['Registry', 'says who is a member. It sees no message.'],
      ]),
    );
    this.#line();
    this.#dim(`${referring.organisation}, ${receiving.organisation}, ${registry.entityId}`, 2);
    this.#dim('Each node has its own keys, TLS certificate, SQLite file and nats-server.', 2);
    this.#heading('The story');
    this.#lines(
      block(
        'Times are story time, in UTC: one clock, shared by all three, is moved on from some months ago until today, so that weeks pass in seconds. Sealed means encrypted: only the other organisation can open it.',
      ),
    );
  }

  beat(told: Told): void {
    const { referring, receiving } = ORGANISATIONS;
    const isNewDay = told.day !== this.#day;
    this.#day = told.day;
    if (isNewDay) this.#line();
    if (isNewDay) this.#line(this.#style('bold', `Day ${told.day}`));
    const [author, partner] =
      told.side === 'referring'
        ? [referring.name, receiving.name]
        : [receiving.name, referring.name];
    const time = new Date(told.atMs).toISOString().slice(11, 16);
    const name = this.#style(NAME_STYLES[told.side], author);
    const way = `${author} → ${partner}`.padEnd(34).slice(author.length);
    this.#line(`  ${time}  ${name}${way} ${this.#style('bold', told.title)}`);
    this.#lines(block(told.words, ' '.repeat(INDENT)));
    this.#proof(told);
  }

  #proof(told: Told): void {
    const tick = (ok: boolean, yes: string, no: string) =>
      ok ? `${this.#style('green', '✓')} ${yes}` : this.#style('red', `✗ ${no}`);
    const signed = tick(true, `signed as its message ${told.seq}`, '');
    const receipt = tick(told.receiptVerified, 'receipt verified', 'NO RECEIPT');
    const people = told.people === 2 ? `  ${tick(true, 'two people', '')}` : '';
    const margin = ' '.repeat(INDENT);
    this.#line(`${margin}${signed}  ${receipt}${people}`);
    if (told.sealed.length > 0) this.#dim(`sealed: ${told.sealed.join(', ')}`);
    if (told.stayed.length > 0) {
      this.#dim(`stays with ${ORGANISATIONS[told.side].name}: ${told.stayed.join(', ')}`);
    }
  }

  stopped(code: string, message: string): void {
    this.#line();
    this.#mark(false, `The story stopped here: ${message} (${code})`);
  }

  check({ ok, claim, found }: Check): void {
    if (!this.#hasChecks) this.#heading('What can be checked');
    this.#hasChecks = true;
    this.#mark(ok, ok ? claim : `DOES NOT HOLD: ${claim}`);
    for (const text of found) for (const line of wrap(text, WIDTH - 4)) this.#dim(line, 4);
  }

  logs(lines: readonly string[]): void {
    if (lines.length === 0) return;
    this.#heading('Warnings and errors in the logs');
    this.#lines(lines);
  }

  closing({ ok, steps, days, seconds }: Summary): void {
    this.#line();
    const said = `${steps} steps, ${days} days of story time, ${seconds} seconds here.`;
    this.#line(ok ? said : `${said} ${this.#style('red', 'Not everything holds.')}`);
  }

  commands(chapters: readonly Chapter[]): void {
    this.#heading('Everything stays up. Try it, in another terminal in this folder');
    for (const { title, exports, commands } of chapters) {
      this.#line();
      this.#line(this.#style('dim', `  # ${title}`));
      for (const [name, value] of Object.entries(exports)) {
        this.#line(`  export ${name}=${quoted(value)}`);
      }
      for (const { does, line } of commands) {
        this.#line(this.#style('dim', `  # ${does}`));
        this.#line(`  ${shellLines(line).join(' \\\n    ')}`);
      }
    }
    this.#line();
    this.#line('Ctrl-C ends the demo and removes all that it made.');
  }

  farewell(): void {
    this.#line();
    this.#line('Stopping, and removing all that it made …');
  }

  #heading(text: string): void {
    this.#line();
    this.#line(this.#style('bold', text));
    this.#line('─'.repeat(WIDTH));
  }

  #mark(ok: boolean, text: string): void {
    const mark = this.#style(ok ? 'green' : 'red', ok ? '✓' : '✗');
    const [first = '', ...rest] = wrap(text, WIDTH - 4);
    this.#line(`${mark}   ${first}`);
    this.#lines(rest.map((line) => `    ${line}`));
  }

  #dim(text: string, indent = INDENT): void {
    for (const line of wrap(text, WIDTH - indent)) {
      this.#line(' '.repeat(indent) + this.#style('dim', line));
    }
  }

  #lines(lines: readonly string[]): void {
    for (const line of lines) this.#line(line);
  }

  #line(text = ''): void {
    this.#clear();
    this.#io.stdout(`${text}\n`);
  }

  #clear(): void {
    // On its own line where the timeline goes elsewhere.
    if (this.#progress === '' || !this.#io.isTty.stdout) return;
    this.#io.stderr(`\r${' '.repeat(this.#progress.length)}\r`);
    this.#progress = '';
  }

  #style(style: Style, text: string): string {
    return this.#isColoured ? styleText(style, text, { validateStream: false }) : text;
  }
}

/** A command with npx before it, broken where a shell may be told to go on. */
function shellLines(line: string): string[] {
  const command = line.replaceAll(/(^|\| )srx /g, '$1npx srx ');
  if (command.length + 2 <= WIDTH) return [command];
  const at = Math.max(command.lastIndexOf(' --'), command.lastIndexOf(' | '));
  return at < 0 ? [command] : [command.slice(0, at), command.slice(at + 1)];
}
