/** The console's few HTTP calls. The session lives in a cookie that scripts cannot read. */
import type { FileRef } from '../core/protocol';
import { SignedOut, WELCOME_MS } from '../core/connection';

/** Why signing in did not work: the pair is wrong, too many attempts, or the service is away. */
export type SignInFault = 'wrong' | 'often' | 'later';

async function post(path: string, body: unknown, more: RequestInit = {}): Promise<Response> {
  return fetch(path, {
    ...more,
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** How signing in went: done (`agent`: whose it is), a code is asked for (`ticket`), or why not (`again_s`: when it may
 * be tried again). */
export interface SignIn {
  fault?: SignInFault;
  ticket?: string;
  agent?: string;
  again_s?: number;
}

interface Told {
  agent?: { id?: string };
  second_factor?: boolean;
  ticket?: string;
  retry_after?: number;
}

async function enter(path: string, body: unknown): Promise<SignIn> {
  try {
    const response = await post(path, body);
    const told = (await response.json().catch(() => ({}))) as Told;
    if (response.ok && told.second_factor && told.ticket) return { ticket: told.ticket };
    if (response.ok) return told.agent?.id === undefined ? {} : { agent: told.agent.id };
    if (response.status === 429) return { fault: 'often', ...(told.retry_after ? { again_s: told.retry_after } : {}) };
    return { fault: response.status >= 500 ? 'later' : 'wrong' };
  } catch {
    return { fault: 'later' };
  }
}

export function signIn(email: string, password: string): Promise<SignIn> {
  return enter('/api/login', { email, password });
}

/** The second step, for who has a second factor. */
export function secondStep(ticket: string, code: string): Promise<SignIn> {
  return enter('/api/login/second', { ticket, code });
}

/** Other ways to sign in: the company's own identity provider. */
export async function methods(): Promise<{ password?: boolean; oidc?: { name: string; url: string } | null }> {
  return (await get('/api/login/methods')) ?? {};
}

/** An answer of the hub to a change of one's own, or null where it was not made. */
async function change<T>(method: string, path: string, body: unknown): Promise<T | null> {
  try {
    const response = await fetch(path, {
      method,
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return response.ok ? ((await response.json()) as T) : null;
  } catch {
    return null;
  }
}

export const myself = (): Promise<{ second_factor?: boolean; oidc?: boolean } | null> => get('/api/me');
export const changePassword = (old: string, next: string): Promise<object | null> =>
  change('POST', '/api/me/password', { old, new: next });
export const beginFactor = (password: string): Promise<{ secret: string; uri: string } | null> =>
  change('POST', '/api/me/second-factor', { password });
export const confirmFactor = (code: string): Promise<{ recovery: string[] } | null> =>
  change('PUT', '/api/me/second-factor', { code });
export const dropFactor = (password: string): Promise<object | null> =>
  change('DELETE', '/api/me/second-factor', { password });
export const stay = (): Promise<object | null> => change('POST', '/api/me/stay', {});
export const exported = (conversation: string): Promise<object | null> =>
  change('POST', `/api/conversations/${encodeURIComponent(conversation)}/export`, {});
export const erase = (conversation: string, reason: string): Promise<object | null> =>
  change('POST', `/api/conversations/${encodeURIComponent(conversation)}/erase`, { reason });

/**
 * A single-use token for the socket's hello.
 *
 * @throws SignedOut when there is no session (any more); another error when the hub cannot be reached.
 */
export async function socketToken(): Promise<string> {
  // The connection has given this attempt up by then; the browser's few lines to the hub are needed for the next.
  const response = await post('/api/socket-token', {}, { signal: AbortSignal.timeout(WELCOME_MS) });
  if (response.status === 401 || response.status === 403) throw new SignedOut();
  if (!response.ok) throw new Error(`socket token: ${response.status}`);
  const { token } = (await response.json()) as { token: string };
  return token;
}

/** Signs out here. Who came by way of the company's identity provider is told its page to sign out there, too. */
export async function signOut(): Promise<string | null> {
  try {
    // Sent even where the page is left at once: at a shared desk the next person must not find it signed in.
    const response = await post('/api/logout', {}, { keepalive: true });
    const { provider } = (await response.json()) as { provider?: unknown };
    return typeof provider === 'string' && /^https?:\/\//.test(provider) ? provider : null;
  } catch {
    return null; // The session ends by itself in time; the console forgets it now.
  }
}

/** A conversation that a search found. */
export interface Found {
  conversation: string;
  at: string;
  status: string;
  language: string;
  visitor?: { name?: string | null } | string | null;
  snippet?: string;
}

/** A reply that the owner wrote for all, by language. */
export interface Canned {
  key: string;
  title: Record<string, string>;
  text: Record<string, string>;
}

/** What an agent chose for themselves; the hub keeps it, so that it holds at every desk. */
export interface MySettings {
  language?: string;
  theme?: string;
  sound?: boolean;
  notify?: boolean;
  keys?: boolean;
}

/** A change that has had no answer by then is given up: on a line that is gone that may take minutes. */
const PUT_MS = 10_000;

/** Refusals that pass: signed out, too slow, too many. */
const PASSING: ReadonlySet<number> = new Set([401, 408, 429]);

/** The answer of a GET, or null: what these calls bring is never worth stopping somebody's work for. */
async function get<T>(path: string): Promise<T | null> {
  try {
    const response = await fetch(path, { credentials: 'same-origin' });
    return response.ok ? ((await response.json()) as T) : null;
  } catch {
    return null;
  }
}

/** Whether the hub has answered for good, if only with a refusal; false where the same is worth another try. */
async function put(path: string, body: unknown): Promise<boolean> {
  try {
    const { ok, status } = await fetch(path, {
      method: 'PUT',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(PUT_MS),
    });
    return ok || (status >= 400 && status < 500 && !PASSING.has(status));
  } catch {
    return false;
  }
}

/** Conversations in which the words stand, newest first; null when the hub cannot search now. */
export async function search(words: string): Promise<Found[] | null> {
  const answer = await get<{ conversations: Found[] }>(`/api/search?q=${encodeURIComponent(words)}`);
  return answer && answer.conversations;
}

/** One step of a macro: what is sent, noted or done. */
export type Step =
  | { reply: Record<string, string> }
  | { note: string }
  | { snooze: number }
  | { transfer: string }
  | { resolve: string }
  | { return_to_bot: true };

/** Several acts in one, as the owner put them together. */
export interface Macro {
  key: string;
  title: Record<string, string>;
  steps: Step[];
}

/** The owner's ready replies and macros. */
export async function canned(): Promise<{ replies: Canned[]; macros: Macro[] }> {
  const got = await get<{ replies: Canned[]; macros?: Macro[] }>('/api/canned');
  return { replies: got?.replies ?? [], macros: got?.macros ?? [] };
}

/** Keeps a file to be sent with the next reply; null when it cannot be taken. */
export async function upload(conversation: string, file: File): Promise<FileRef | null> {
  try {
    const path = `/api/conversations/${encodeURIComponent(conversation)}/upload?name=${encodeURIComponent(file.name)}`;
    const answer = await fetch(path, { method: 'POST', credentials: 'same-origin', body: file });
    return answer.ok ? ((await answer.json()) as { attachment: FileRef }).attachment : null;
  } catch {
    return null;
  }
}

/** The draft that the hub keeps, empty where it keeps none; null when it cannot be asked now. */
export async function draft(conversation: string): Promise<string | null> {
  const answer = await get<{ text?: string }>(`/api/drafts/${encodeURIComponent(conversation)}`);
  return answer && (answer.text ?? '');
}

/** Writes a draft; false where it is to be tried again. */
export function keepDraft(conversation: string, text: string): Promise<boolean> {
  return put(`/api/drafts/${encodeURIComponent(conversation)}`, { text });
}

export async function mySettings(): Promise<MySettings> {
  return (await get<{ settings: MySettings }>('/api/me/settings'))?.settings ?? {};
}

/** The next change is written whole, too: what was not kept is not tried again. */
export async function keepSettings(settings: MySettings): Promise<void> {
  await put('/api/me/settings', settings);
}
