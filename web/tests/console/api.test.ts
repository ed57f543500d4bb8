import { afterEach, describe, expect, it, vi } from 'vitest';
import * as api from '../../src/console/api';
import { SignedOut, WELCOME_MS } from '../../src/core/connection';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function answers(status: number, body: object = {}): void {
  vi.stubGlobal('fetch', async () => ({ ok: status < 400, status, json: async () => body }));
}

/** A hub that is never reached: a call ends when whoever asked gives up. */
function silence(): { after: number[]; end(): void } {
  const controller = new AbortController();
  const after: number[] = [];
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    after.push(ms);
    return controller.signal;
  });
  vi.stubGlobal('fetch', (_: string, { signal }: { signal?: AbortSignal }) =>
    new Promise((_done, fail) => signal?.addEventListener('abort', () => fail(signal.reason as Error))),
  );
  return { after, end: () => controller.abort() };
}

describe('a token for the socket', () => {
  it('is waited for as long as the connection waits, and frees the browser’s line then', async () => {
    const { after, end } = silence();
    const asked = api.socketToken();
    end();
    await expect(asked).rejects.toThrow();
    expect(after).toEqual([WELCOME_MS]);
  });

  it('is not there for who is signed out, which is another thing than a hub in trouble', async () => {
    answers(401);
    await expect(api.socketToken()).rejects.toBeInstanceOf(SignedOut);
    answers(503);
    await expect(api.socketToken()).rejects.not.toBeInstanceOf(SignedOut);
    answers(200, { token: 't' });
    await expect(api.socketToken()).resolves.toBe('t');
  });
});

describe('a draft', () => {
  it.each([
    [200, true],
    [404, true],
    [401, false],
    [429, false],
    [503, false],
  ])('that is answered with %i is done with: %s', async (status, done) => {
    answers(status);
    expect(await api.keepDraft('c', 'x')).toBe(done);
  });

  it('is not waited for for ever', async () => {
    const { after, end } = silence();
    const asked = api.keepDraft('c', 'x');
    end();
    expect(await asked).toBe(false);
    expect(after).toHaveLength(1);
  });

  it('that cannot be read is another thing than none', async () => {
    answers(200, { text: '' });
    expect(await api.draft('c')).toBe('');
    answers(503);
    expect(await api.draft('c')).toBeNull();
  });
});
