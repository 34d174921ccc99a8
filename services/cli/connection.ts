// The way to the running node: which address, whose token. Tokens come from
// files only, and only from files that nobody else can read.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { Refusal } from '#model/refusal.ts';
import { type LoadedConfig, loadConfig, NODE_FILES } from '#services/node/config.ts';
import { createCaseworkClient } from '#wire/casework-client.ts';
import type { CaseworkClient } from '#wire/contracts/casework.ts';

import { readText } from './files.ts';
import { readToken } from './token-file.ts';
import type { Call } from './verb.ts';

const CERTIFICATE_BYTES_MAX = 64 * 1024;

/** --folder, SRX_FOLDER, or where we stand. */
export function folderOf({ flags, env }: Pick<Call, 'flags' | 'env'>): string {
  return flags.text('folder') ?? env.SRX_FOLDER ?? '.';
}

/** @param secondTokenFile of the second person of an act */
async function connect(call: Call, secondTokenFile?: string): Promise<CaseworkClient> {
  const { flags, env } = call;
  const named = flags.text('address') ?? env.SRX_CASEWORK_ADDRESS;
  const config = named === undefined ? await loadConfig(folderOf(call), env) : undefined;
  const certificatePem = await certificateFor(call, config);
  const secondToken = secondTokenFile && (await readToken(secondTokenFile));
  return createCaseworkClient({
    address: named ?? addressOf(config),
    token: await readToken(await findTokenFile(call)),
    ...(secondToken && { secondToken }),
    ...(certificatePem !== undefined && { tls: { certificatePem } }),
  });
}

/** Runs `work` with a client that is closed afterwards. */
export async function withNode<T>(
  call: Call,
  work: (client: CaseworkClient) => Promise<T>,
  secondTokenFile?: string,
): Promise<T> {
  await using client = await connect(call, secondTokenFile);
  return await work(client);
}

function addressOf(config: LoadedConfig | undefined): string {
  if (!config) throw new Error('neither address nor config');
  const { host, port } = config.casework;
  const dialled = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return dialled.includes(':') ? `[${dialled}]:${port}` : `${dialled}:${port}`;
}

async function certificateFor(
  { flags, env, io }: Call,
  config: LoadedConfig | undefined,
): Promise<string | undefined> {
  const file =
    flags.text('ca-file') ?? env.SRX_CASEWORK_CA_FILE ?? config?.casework.tls?.certificateFile;
  return file === undefined ? undefined : readText(io, file, CERTIFICATE_BYTES_MAX);
}

/** --token-file, SRX_TOKEN_FILE, or the only token of the node's folder. */
async function findTokenFile(call: Call): Promise<string> {
  const named = call.flags.text('token-file') ?? call.env.SRX_TOKEN_FILE;
  if (named !== undefined) return named;
  const folder = join(folderOf(call), NODE_FILES.staff);
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.token'));
  const [only, ...more] = names;
  if (only !== undefined && more.length === 0) return join(folder, only);
  throw new Refusal(
    'BAD_CONFIG',
    only === undefined
      ? 'Who are you? Name your token by --token-file or SRX_TOKEN_FILE.'
      : 'The folder has several tokens: name yours by --token-file or SRX_TOKEN_FILE.',
  );
}
