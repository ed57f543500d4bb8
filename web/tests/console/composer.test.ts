import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newConversation } from '../../src/core/agent';
import type { Desk } from '../../src/console/desk';
import { draftKey, newUi, type Ui } from '../../src/console/ui';
import { drawn } from './drawn';

beforeEach(() => vi.stubGlobal('navigator', { platform: '' }));
afterEach(() => vi.unstubAllGlobals());

/** The composer with a reply and a note in it. */
async function shown(more: Partial<Ui>): Promise<{ rests: boolean; text: string }> {
  const { composer } = await import('../../src/console/composer');
  const desk = { t: (key: string) => `<${key}>` } as unknown as Desk;
  const drafts = new Map([[draftKey('c', 'message'), 'Hei'], [draftKey('c', 'note'), 'Hm']]);
  const { text } = drawn(composer(desk, { ...newUi('en', 'auto', true), drafts, ...more }, newConversation('c'), true));
  return { rests: /data-testid="send" \?disabled=true/.test(text), text };
}

describe('the composer', () => {
  it('rests Send while a file of the reply is on its way, and names the file', async () => {
    const uploads = new Map([['c', [new File(['x'], 'kuva.png')]]]);
    const waiting = await shown({ uploads });
    expect(waiting.rests).toBe(true);
    expect(waiting.text).toContain('kuva.png <sending>');
    expect(await shown({ uploads, mode: 'note' })).toMatchObject({ rests: false });
    expect(await shown({ uploads: new Map([['other', uploads.get('c') ?? []]]) })).toMatchObject({ rests: false });
    expect(await shown({})).toMatchObject({ rests: false });
  });
});
