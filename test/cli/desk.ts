// A caseworker's desk at each of two organisations: the commands typed there, on
// nodes that really run.
import { join } from 'node:path';

import { tokenFile } from '#deploy/demo/federation.ts';
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

export async function openDesks(): Promise<Desks> {
  const world = await startWorld();
  return {
    world,
    referring: deskOf(world, 'referring'),
    receiving: deskOf(world, 'receiving'),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

function deskOf(world: World, side: Side): Desk {
  const { config } = world.federation.nodes[side];
  const tokens = { one: tokenFile(config, side, 'one'), two: tokenFile(config, side, 'two') };
  const argv = (line: string) => {
    return wordsOfLine(line).map((word) => word.replace('$TWO', tokens.two));
  };
  const around = ({ env, ...own }: Surroundings = {}): Surroundings => ({
    clock: world.clock,
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
