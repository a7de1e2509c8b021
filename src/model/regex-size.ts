/** Repetitions inside each other that multiply to more are no RE2 syntax. Source: Go regexp/syntax, repeatIsValid. */
const REPEAT_MAX = 1000

/**
 * How large a regular expression is once its counted repetitions are written out: `(ab{10}){5}` is about 60. An upper bound within a
 * small factor, of any text, in one pass: what it says of what is no regular expression means nothing, and it is 0 where
 * repetitions are refused anyway.
 */
export function unrolledSize(source: string): number {
  const outer: Frame[] = []
  let { size, repeat } = EMPTY
  // Of the last atom: its size, and how far repetitions inside it multiply.
  let [last, lastRepeat] = [0, 1]
  for (let i = 0; i < source.length; ) {
    const char = source[i]
    const count = char === '{' ? repetition(source, i) : undefined
    if (count !== undefined) {
      size += last * (count.factor - 1)
      last *= count.factor
      lastRepeat *= count.factor
      if (lastRepeat > REPEAT_MAX) return 0
      repeat = Math.max(repeat, lastRepeat)
      i = count.end
    } else if (char === '(') {
      outer.push({ size, repeat })
      ;({ size, repeat } = EMPTY)
      ;[last, lastRepeat] = [0, 1]
      i++
    } else if (char === ')') {
      ;[last, lastRepeat] = [size + 2, repeat]
      const before = outer.pop() ?? EMPTY
      size = before.size + last
      repeat = Math.max(before.repeat, repeat)
      i++
    } else {
      ;[last, lastRepeat] = [1, 1]
      size++
      i = atomEnd(source, i)
    }
  }
  return outer.reduce((sum, before) => sum + before.size, size)
}

/** What stands before a group that is open. */
interface Frame {
  readonly size: number
  readonly repeat: number
}

const EMPTY: Frame = { size: 0, repeat: 1 }

const REPETITION = /\{(\d{1,6})(,(\d{1,6})?)?\}/y

/** A counted repetition that begins at `start`. `{2,}` is written out twice, and once more for what follows. */
function repetition(source: string, start: number): { readonly factor: number; readonly end: number } | undefined {
  REPETITION.lastIndex = start
  const parts = REPETITION.exec(source)
  if (parts === null) return undefined
  const [all, min, comma, max] = parts
  const factor = max !== undefined ? Number(max) : Number(min) + (comma === undefined ? 0 : 1)
  return { factor: Math.max(1, factor), end: start + all.length }
}

/** Where a literal, an escape or a class that begins at `start` ends. */
function atomEnd(source: string, start: number): number {
  if (source[start] === '\\') {
    // The braces of `\p{Greek}` and `\x{10FFFF}` are no repetition.
    const close = /[pPx]/.test(source[start + 1] ?? '') && source[start + 2] === '{' ? source.indexOf('}', start) : -1
    return close < 0 ? start + 2 : close + 1
  }
  if (source[start] !== '[') return start + 1
  let i = start + (source[start + 1] === '^' ? 2 : 1)
  // A bracket that comes first is a member of the class.
  if (source[i] === ']') i++
  while (i < source.length && source[i] !== ']') i += source[i] === '\\' ? 2 : source.startsWith('[:', i) ? 2 : 1
  return i + 1
}
