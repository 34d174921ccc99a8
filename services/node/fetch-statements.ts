// The node's way to its registry: one address, its pinned TLS certificate as the
// only authority. Which URL is asked for decides the path only.

import { createPinnedGet, type PinnedHost } from '#services/https/pinned-get.ts';
import type { FetchStatements } from '#trust/registry-reader.ts';

/** @param registry where it listens, and the PEM certificates that it may show. */
export function fetchStatementsFrom(
  registry: PinnedHost,
  deadlineMs?: number,
): FetchStatements & Disposable {
  return createPinnedGet(registry, deadlineMs);
}
