// srx registry: the one service that says who is a member.
import { once } from 'node:events';
import { resolve } from 'node:path';
import { hostOf } from '#model/address.ts';
import { jsonLog } from '#services/node/log.ts';
import { registryConfigOf } from '#services/registry/config.ts';
import { initRegistry } from '#services/registry/members.ts';
import { inFolder } from '#services/registry/registry-folder.ts';
import { startRegistry } from '#services/registry/start.ts';

import { block } from '../text.ts';
import { UsageError } from '../usage-error.ts';
import type { Verb } from '../verb.ts';
import { registryFolderOf } from './member.ts';

const FOLDER = {
  'registry-folder': { value: 'DIR', help: "the registry's folder (SRX_REGISTRY_FOLDER)" },
};

export const registryVerbs: readonly Verb[] = [
  {
    noun: 'registry',
    name: 'init',
    summary: 'makes a registry: its keys, its certificate, and the two files that nodes pin',
    examples: [
      'srx registry init --registry-folder registry --address registry.example:7440 --name "The federation"',
    ],
    options: {
      ...FOLDER,
      address: { value: 'HOST:PORT', help: 'as nodes dial it' },
      name: { value: 'TEXT', help: 'of the federation' },
      id: { value: 'URL', help: 'entity id (https:// and the address)' },
    },
    async run(call) {
      const folder = registryFolderOf(call);
      const address = call.flags.required('address');
      const port = /:(\d{1,5})$/.exec(address)?.[1];
      if (port === undefined) throw new UsageError('--address: write HOST:PORT.');
      const id = call.flags.text('id');
      const name = call.flags.required('name');
      const options = { host: hostOf(address), port: Number(port), name };
      const withId = { ...options, ...(id !== undefined && { entityId: id }) };
      const { entityId, anchorKey } = await initRegistry(folder, withId, call.io.clock);
      const { anchorKey: anchorFile, tlsCertificate: caFile } = inFolder(folder);
      call.out.answer({ entityId, address, anchorKey, anchorFile, caFile }, [
        ...block(`A registry is in ${folder}`, '', '  '),
        `Entity id    ${entityId}`,
        `Anchor key   ${anchorKey.kid}`,
        '',
        'Give each node, by a way other than the network:',
        ...block(anchorFile, '  '),
        ...block(caFile, '  '),
      ]);
      call.out.note('Next: srx registry serve, and srx member admit FILE for each member.');
    },
  },
  {
    noun: 'registry',
    name: 'serve',
    summary: 'runs the registry until Ctrl-C or SIGTERM',
    examples: ['srx registry serve --registry-folder registry'],
    options: FOLDER,
    handlesSignal: true,
    async run(call) {
      const { io, out, env } = call;
      const config = await registryConfigOf(resolve(registryFolderOf(call)));
      const log = jsonLog(env.SRX_LOG_LEVEL ?? 'info', io.clock, io.stderr);
      await using registry = await startRegistry({ ...config, clock: io.clock, log });
      const { url, entityId } = registry;
      out.item({ event: 'ready', entityId, url }, `ready: ${entityId} at ${url}`);
      if (!io.signal.aborted) await once(io.signal, 'abort');
      out.progress('Stopping; Ctrl-C again ends at once.');
    },
  },
];
