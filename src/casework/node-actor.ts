// The node itself, where it acts by the clock and no person does.
import type { Actor } from './actor.ts';

export const NODE_ACTOR: Actor = { staffId: 'node', role: 'service' };
