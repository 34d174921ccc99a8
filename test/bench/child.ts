// The bench's processes talk to their parent by messages: measure, profile, end.
import { startProfile } from './profile.ts';

export type Asked = {
  ask: 'cpu' | 'profile-start' | 'profile-stop' | 'end' | 'run';
  value?: number;
};

/** Answers until asked to end. CPU is user and system, all threads, µs. */
export function answerParent(run?: (value: number) => Promise<unknown>): Promise<void> {
  let stopProfile: (() => Promise<unknown>) | null = null;
  return new Promise((resolve) => {
    process.on('message', (message: Asked) => {
      void answer(message).then((answered) => {
        process.send?.({ answered: message.ask, value: answered });
        if (message.ask === 'end') resolve();
      });
    });
    process.once('disconnect', () => resolve());
  });

  async function answer({ ask, value = 0 }: Asked): Promise<unknown> {
    if (ask === 'cpu') {
      const { user, system } = process.cpuUsage();
      return user + system;
    }
    if (ask === 'profile-start') {
      stopProfile = await startProfile();
      return null;
    }
    if (ask === 'profile-stop') return stopProfile?.();
    if (ask === 'run') return run?.(value);
    return null;
  }
}
