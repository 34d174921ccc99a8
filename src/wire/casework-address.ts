// What both ends of CaseworkService agree on.
import { CASEWORK_METHODS, CASEWORK_STREAMS } from './contracts/casework.ts';

export const CASEWORK = {
  service: 'srx.casework.v1.CaseworkService',
  methods: { ...CASEWORK_METHODS, ...CASEWORK_STREAMS },
} as const;

/** Whether what is sent to this host stays on this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Of "host:port" or "[::1]:port". */
export function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1');
}
