/** The console's few HTTP calls. The session lives in a cookie that scripts cannot read. */
import { SignedOut } from '../core/connection';

/** Why signing in did not work: the pair is wrong, too many attempts, or the service is away. */
export type SignInFault = 'wrong' | 'often' | 'later';

async function post(path: string, body: unknown): Promise<Response> {
  return fetch(path, {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** Signs in; null when it worked. */
export async function signIn(email: string, password: string): Promise<SignInFault | null> {
  try {
    const response = await post('/api/login', { email, password });
    if (response.ok) return null;
    if (response.status === 429) return 'often';
    return response.status >= 500 ? 'later' : 'wrong';
  } catch {
    return 'later';
  }
}

/**
 * A single-use token for the socket's hello.
 *
 * @throws SignedOut when there is no session (any more); another error when the hub cannot be reached.
 */
export async function socketToken(): Promise<string> {
  const response = await post('/api/socket-token', {});
  if (response.status === 401 || response.status === 403) throw new SignedOut();
  if (!response.ok) throw new Error(`socket token: ${response.status}`);
  const { token } = (await response.json()) as { token: string };
  return token;
}

export async function signOut(): Promise<void> {
  try {
    await post('/api/logout', {});
  } catch {
    // The session ends by itself in time; the console forgets it now.
  }
}
