// Who tells the demo to the world: as a timeline for people (timeline.ts), or as
// NDJSON for programs (ndjson.ts).
import type { CaseFile } from '#model/case-file.ts';
import type { Chapter } from './commands.ts';
import type { Federation } from './federation.ts';
import type { Check } from './prove.ts';
import type { Told } from './story.ts';

export interface Teller {
  opening(): void;
  /** What is waited for; on a terminal only. */
  progress(text: string): void;
  /** Takes long, so it is said everywhere. */
  notice(text: string): void;
  cast(cast: Cast): void;
  beat(told: Told): void;
  /** The story could not go on. */
  stopped(code: string, message: string): void;
  check(check: Check): void;
  /** What the logs say, where something did not hold. */
  logs(lines: readonly string[]): void;
  closing(summary: Summary): void;
  commands(chapters: readonly Chapter[]): void;
  farewell(): void;
}

export type Cast = { federation: Federation; folder: string; caseFile: CaseFile };

export type Summary = { ok: boolean; steps: number; days: number; seconds: number };
