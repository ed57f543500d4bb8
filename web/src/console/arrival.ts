import type { ConsoleKey } from './desk';

const FAULTS: Readonly<Record<string, ConsoleKey>> = {
  oidc_failed: 'oidcFailed',
  oidc_nobody: 'oidcNobody',
  oidc_later: 'oidcLater',
};

export interface Arrival {
  /** Whether a sign-in with the company's identity provider has just been made. */
  signedIn: boolean;
  /** Why it was not. */
  fault: ConsoleKey | null;
}

/** What an address says about a sign-in elsewhere; codes that are not known say nothing. */
export function readArrival(search: string): Arrival {
  const said = new URLSearchParams(search);
  const code = said.get('error') ?? '';
  return { signedIn: said.has('signed_in'), fault: (Object.hasOwn(FAULTS, code) && FAULTS[code]) || null };
}

/** The same of this page's address, which is cleaned: a reload shall not say it again. */
export function arrival(): Arrival {
  const { pathname, search } = location;
  const said = readArrival(search);
  if (said.signedIn || said.fault) history.replaceState(history.state, '', pathname);
  return said;
}
