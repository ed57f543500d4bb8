/** What somebody who pastes wants: files, or the words. */

/**
 * The files of a paste, null where it is a text. Cells and paragraphs come with a picture of themselves, and it is their
 * words that are wanted; files come with their own names as the text.
 */
export function filesIn(pasted: DataTransfer | null): FileList | null {
  const names = Array.from(pasted?.files ?? [], (file) => file.name.normalize());
  const lines = pasted?.getData('text/plain').normalize().split(/[\r\n]+/) ?? [];
  const named = lines.every((line) => !line.trim() || names.includes(line.slice(line.lastIndexOf('/') + 1)));
  return pasted && names.length && named ? pasted.files : null;
}
