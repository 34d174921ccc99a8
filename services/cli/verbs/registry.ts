// srx registry: the one service that says who is a member.
import { once } from 'node:events';
import { resolve } from 'node:path';
import { jsonLog } from '#services/node/log.ts';
import { registryConfigOf } from '#services/registry/config.ts';
import { initRegistry } from '#services/registry/members.ts';
import { inFolder } from '#services/registry/registry-folder.ts';
import { startRegistry } from '#services/registry/start.ts';

import { readAddress } from '../address.ts';
import { block } from '../text.ts';
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
      listen: { value: 'HOST:PORT', help: 'where it listens, if elsewhere' },
    },
    async run(call) {
      const folder = registryFolderOf(call);
      const address = call.flags.required('address');
      const id = call.flags.text('id');
      const listen = call.flags.text('listen');
      const options = {
        ...readAddress('address', address),
        name: call.flags.required('name'),
        ...(id !== undefined && { entityId: id }),
        ...(listen !== undefined && { listen: readAddress('listen', listen) }),
      };
      const { entityId, anchorKey } = await initRegistry(folder, options, call.io.clock);
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
      call.out.note('Next: srx registry serve; and for each member srx member admit FILE.');
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
