import { describe, expect, it } from 'vitest';
import { readArrival } from '../../src/console/arrival';

describe('coming back from the identity provider', () => {
  it('knows who has just signed in', () => {
    expect(readArrival('?signed_in')).toEqual({ signedIn: true, fault: null });
  });

  it.each([
    ['oidc_failed', 'oidcFailed'],
    ['oidc_nobody', 'oidcNobody'],
    ['oidc_later', 'oidcLater'],
  ])('says in words what %s means', (code, fault) => {
    expect(readArrival(`?error=${code}`)).toEqual({ signedIn: false, fault });
  });

  it.each(['', '?error=', '?error=toString', '?error=<b>', '?other=1'])('says nothing about %j', (search) => {
    expect(readArrival(search)).toEqual({ signedIn: false, fault: null });
  });
});
