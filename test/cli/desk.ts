// A caseworker's desk at each of two organisations: the commands typed there, on
// nodes that really run.
import { join } from 'node:path';

import { type FederationOptions, tokenFile } from '#deploy/demo/federation.ts';
import type { Clock } from '#model/clock.ts';
import type { Side } from '#model/track.ts';
import { startWorld, type World } from '#test/federation/world.ts';

import {
  pathOnly,
  type Running,
  type Said,
  type Surroundings,
  srx,
  startSrx,
  wordsOfLine,
} from './command.ts';

export type Desk = {
  folder: string;
  /** Token files of the two members of staff. */
  tokens: { one: string; two: string };
  /** Whatever comes of it. $TWO is the second person's token file. */
  type(line: string, around?: Surroundings): Promise<Said>;
  start(line: string, around?: Surroundings): Running;
  /** @throws unless it ends with 0 */
  done(line: string, around?: Surroundings): Promise<string>;
  json(line: string, around?: Surroundings): Promise<Record<string, unknown>>;
};

export type Desks = AsyncDisposable & { world: World } & Record<Side, Desk>;

export async function openDesks(options: Partial<FederationOptions> = {}): Promise<Desks> {
  const world = await startWorld(options);
  const { clock = world.clock } = options;
  return {
    world,
    referring: deskOf(world, 'referring', clock),
    receiving: deskOf(world, 'receiving', clock),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

function deskOf(world: World, side: Side, clock: Clock): Desk {
  const { config } = world.federation.nodes[side];
  const tokens = { one: tokenFile(config, side, 'one'), two: tokenFile(config, side, 'two') };
  const argv = (line: string) => {
    return wordsOfLine(line).map((word) => word.replace('$TWO', tokens.two));
  };
  const around = ({ env, ...own }: Surroundings = {}): Surroundings => ({
    clock,
    env: { ...pathOnly(), SRX_FOLDER: config.folder, SRX_TOKEN_FILE: tokens.one, ...env },
    ...own,
  });
  const type = (line: string, own?: Surroundings) => srx(argv(line), around(own));
  const done = async (line: string, own?: Surroundings) => {
    const { code, out, err } = await type(line, own);
    if (code !== 0) throw new Error(`srx ${line}: ${code}\n${err}`);
    return out;
  };
  return {
    folder: config.folder,
    tokens,
    type,
    start: (line, own) => startSrx(argv(line), around(own)),
    done,
    json: async (line, own) =>
      JSON.parse(await done(`${line} --json`, own)) as Record<string, unknown>,
  };
}

/** Files that a caseworker has at hand. */
export function exampleSection(name: string): string {
  return join('deploy/sections', name);
}
