// How far the heap of a node may grow before all of it is looked through again.
import { setFlagsFromString } from 'node:v8';

import { limits } from '#model/limits.ts';

/**
 * For the whole process, from its next full collection on. Left to itself V8 sees a process that
 * keeps little and lets it grow by a tenth only, so that under load it marked some 30 MB anew for
 * every fifty handovers: a seventh of all the CPU that a node used.
 */
export function letHeapGrow(): void {
  setFlagsFromString(`--heap-growing-percent=${limits.heapGrowingPercent}`);
}
