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

describe('a paste', () => {
  const LAMP = new File(['x'], 'lämpö lamp.png');
  const PICTURE = new File(['x'], 'image.png');

  /** What of it is attached to the reply; null where the browser is left to write it. */
  async function pasted(text: string, files: readonly File[], mode: 'message' | 'note' = 'message'): Promise<unknown> {
    const { composer } = await import('../../src/console/composer');
    const attach = vi.fn();
    const preventDefault = vi.fn();
    const desk = { t: (key: string) => key, attach } as unknown as Desk;
    const { handlers } = drawn(composer(desk, { ...newUi('en', 'auto', true), mode }, newConversation('c'), true));
    const clipboardData = { files, types: [], getData: (type: string) => (type === 'text/plain' ? text : '<p>x</p>') };
    handlers.find(({ name }) => name === '@paste')?.act({ clipboardData, preventDefault });
    expect(preventDefault).toHaveBeenCalledTimes(attach.mock.calls.length);
    return attach.mock.calls[0]?.[1] ?? null;
  }

  it('of cells or of a paragraph is its text, not the picture that comes with it', async () => {
    expect(await pasted('4711\tLamp\t2\r\n4712\tRug\t1', [PICTURE])).toBeNull();
    expect(await pasted('image', [PICTURE])).toBeNull();
  });

  it('of files is the files, named in the text or not', async () => {
    expect(await pasted('', [PICTURE])).toEqual([PICTURE]);
    expect(await pasted('image.png\r', [PICTURE])).toEqual([PICTURE]);
    expect(await pasted(`/home/aino/${'lämpö lamp.png'.normalize('NFD')}\n/home/aino/image.png`, [LAMP, PICTURE])).toEqual([LAMP, PICTURE]);
  });

  it('of a text is left to the browser, and so is everything in a note', async () => {
    expect(await pasted('Hei', [])).toBeNull();
    expect(await pasted('', [PICTURE], 'note')).toBeNull();
  });
});
