/** The console's few HTTP calls. The session lives in a cookie that scripts cannot read. */
import type { FileRef } from '../core/protocol';
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

/** The answer of a GET, or null: what these calls bring is never worth stopping somebody's work for. */
async function get<T>(path: string): Promise<T | null> {
  try {
    const response = await fetch(path, { credentials: 'same-origin' });
    return response.ok ? ((await response.json()) as T) : null;
  } catch {
    return null;
  }
}

async function put(path: string, body: unknown): Promise<void> {
  try {
    await fetch(path, {
      method: 'PUT',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  } catch {
    // The next change is written whole, too.
  }
}

/** Conversations in which the words stand, newest first; null when the hub cannot search now. */
export async function search(words: string): Promise<Found[] | null> {
  const answer = await get<{ conversations: Found[] }>(`/api/search?q=${encodeURIComponent(words)}`);
  return answer && answer.conversations;
}

export async function canned(): Promise<Canned[]> {
  return (await get<{ replies: Canned[] }>('/api/canned'))?.replies ?? [];
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

export async function draft(conversation: string): Promise<string> {
  return (await get<{ text: string }>(`/api/drafts/${encodeURIComponent(conversation)}`))?.text ?? '';
}

export async function keepDraft(conversation: string, text: string): Promise<void> {
  await put(`/api/drafts/${encodeURIComponent(conversation)}`, { text });
}

export async function mySettings(): Promise<MySettings> {
  return (await get<{ settings: MySettings }>('/api/me/settings'))?.settings ?? {};
}

export async function keepSettings(settings: MySettings): Promise<void> {
  await put('/api/me/settings', settings);
}
