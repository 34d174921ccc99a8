// What a command knows of the world around it; main.ts gives the real one, a
// test its own.
import type { Clock } from '#model/clock.ts';

export type Io = {
  /** The answer of the command. */
  stdout(text: string): void;
  /** Everything else. */
  stderr(text: string): void;
  readStdin(): Promise<Uint8Array>;
  isTty: { stdin: boolean; stdout: boolean; stderr: boolean };
  /** One line from the terminal. */
  ask(question: string): Promise<string>;
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  /** Aborted by the first Ctrl-C or SIGTERM; the second ends the process. */
  signal: AbortSignal;
};
