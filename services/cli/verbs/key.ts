// srx key: the node's own keys. Rotation needs the node to stand still, because
// the running one holds the keyring in its memory.
import { join } from 'node:path';

import { KEY_PURPOSES, type KeyPurpose, Keyring } from '#crypto/keyring.ts';
import { loadWrappingKey } from '#crypto/wrapping-key.ts';
import { loadConfig, NODE_FILES } from '#services/node/config.ts';
import { holdFolder } from '#services/node/folder-lock.ts';

import { folderOf } from '../connection.ts';
import { answerPage, pageOfAll } from '../pages.ts';
import { isoTime, when } from '../text.ts';
import { UsageError } from '../usage-error.ts';
import { type Call, PAGE_OPTIONS, SINCE_OPTION, type Verb } from '../verb.ts';

export const keyVerbs: readonly Verb[] = [
  {
    noun: 'key',
    name: 'list',
    summary: "lists the node's own keys: purpose, state, dates; nothing secret",
    examples: ['srx key list', 'srx key list --json'],
    options: { ...PAGE_OPTIONS, ...SINCE_OPTION },
    async run(call) {
      const all = (await openKeyring(call)).list();
      const { items: keys, nextCursor } = pageOfAll(call, all, {
        idOf: ({ kid }) => kid,
        timeOf: ({ createdAt }) => createdAt,
      });
      const lines = keys.flatMap(({ kid, purpose, state, createdAt, retiresAt }) => [
        `${purpose.padEnd(10)}  ${state.padEnd(9)}  ${when(createdAt)}  ${when(retiresAt ?? 0)}`,
        `  ${kid}`,
      ]);
      answerPage(
        call,
        { keys, nextCursor },
        {
          lines: ['Purpose     State      Since (UTC)       Until', ...lines],
          records: keys.map((key) => [
            key.kid,
            key.purpose,
            key.state,
            isoTime(key.createdAt),
            isoTime(key.retiresAt ?? 0),
          ]),
          nothing: 'No key.',
        },
      );
    },
  },
  {
    noun: 'key',
    name: 'rotate',
    summary:
      'makes the next key of a purpose; the old one goes on verifying or opening for a while',
    examples: ['srx key rotate encryption', 'srx key rotate message --json'],
    operands: [{ name: 'PURPOSE', help: KEY_PURPOSES.join(', ') }],
    async run(call) {
      const purpose = purposeOf(call.operands[0]);
      const config = await loadConfig(folderOf(call), call.env);
      await using _held = await holdFolder(config.folder);
      const kid = await (await openKeyring(call)).rotate(purpose, call.io.clock);
      const next =
        purpose === 'federation'
          ? 'Make the member file anew (srx member export); at the registry remove the member and admit it again by that file; then start the node.'
          : 'Start the node: partners learn of it within minutes.';
      call.out.answer({ purpose, kid }, [`The new ${purpose} key is ${kid}`], [[purpose, kid]]);
      call.out.note(next);
    },
  },
];

async function openKeyring(call: Call): Promise<Keyring> {
  const config = await loadConfig(folderOf(call), call.env);
  const nodeKey = await loadWrappingKey(config.nodeKeyFile);
  return Keyring.open(join(config.folder, NODE_FILES.keyring), nodeKey);
}

function purposeOf(word: string | undefined): KeyPurpose {
  const purpose = KEY_PURPOSES.find((one) => one === word);
  if (purpose) return purpose;
  throw new UsageError(`PURPOSE must be one of ${KEY_PURPOSES.join(', ')}.`);
}
