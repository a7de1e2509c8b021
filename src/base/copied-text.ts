/** Cut to this many characters, and marked as cut. A copy: V8 keeps a part of a text as a place in all of it, a whole request maybe. */
export function copiedText(text: string, lengthMax: number): string {
  const copy = Buffer.from(text.slice(0, lengthMax)).toString()
  return text.length > lengthMax ? `${copy}…` : copy
}
