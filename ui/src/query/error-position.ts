/** Where in an expression the API says it is wrong; `line` and `column` from 1, as its parser counts (columns in characters). */
export interface ErrorPosition {
  readonly line: number
  readonly column: number
  /** The message without the words around it that say the position. */
  readonly message: string
}

/** Finds `1:5: parse error: …` in an error of the API, with or without the `invalid parameter "query":` before it. */
export function findErrorPosition(error: string): ErrorPosition | undefined {
  const match = /^(?:invalid parameter "query": )?(\d+):(\d+): (.*)$/s.exec(error)
  if (match === null) return undefined
  return { line: Number(match[1]), column: Number(match[2]), message: match[3] }
}

/** The span of `text` to mark: the word, or the single character, at the position; before the end when the end is wrong. */
export function spanAt(
  text: string,
  position: { readonly line: number; readonly column: number },
): { readonly from: number; readonly to: number } {
  const lines = text.split('\n')
  const lineIndex = Math.min(Math.max(position.line, 1), lines.length) - 1
  const lineStart = lines.slice(0, lineIndex).reduce((length, line) => length + line.length + 1, 0)
  const from = Math.min(lineStart + Math.max(position.column - 1, 0), lineStart + lines[lineIndex].length)
  const word = /^[\w:.]+/.exec(text.slice(from, lineStart + lines[lineIndex].length))
  if (word !== null) return { from, to: from + word[0].length }
  if (from < lineStart + lines[lineIndex].length) return { from, to: from + 1 }
  return { from: Math.max(lineStart, from - 1), to: from }
}
