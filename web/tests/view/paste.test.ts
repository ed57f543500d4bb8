import { describe, expect, it } from 'vitest';
import { filesIn } from '../../src/view/paste';

const PICTURE = new File(['x'], 'image.png');
const LAMP = new File(['x'], 'lämpö lamp.png');

function pasted(text: string, ...files: File[]): unknown {
  const getData = (type: string): string => (type === 'text/plain' ? text : '');
  return filesIn({ files, getData } as unknown as DataTransfer);
}

describe('a paste', () => {
  it.each([
    ['cells, which come with a picture of them', '4711\tLamp\t2\r\n4712\tRug\t1', [PICTURE]],
    ['a word that is no file’s name', 'image', [PICTURE]],
    ['a name among other words', 'image.png\nand this', [PICTURE]],
    ['words alone', 'Hei', []],
    ['nothing', '', []],
  ])('is no file: %s', (_, text, files) => {
    expect(pasted(text, ...files)).toBeNull();
  });

  it.each([
    ['a picture', '', [PICTURE]],
    ['a file with its name', 'image.png\r', [PICTURE]],
    ['files with their paths', `/home/aino/${LAMP.name.normalize('NFD')}\n/home/aino/image.png`, [LAMP, PICTURE]],
  ])('is files: %s', (_, text, files) => {
    expect(pasted(text, ...files)).toEqual(files);
  });

  it('without a clipboard is nothing', () => {
    expect(filesIn(null)).toBeNull();
  });
});
