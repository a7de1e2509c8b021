import { quote } from '../../base/go-quote.ts'

// JSON as upstream's program reads it, for what JSON.parse refuses: only the first value of a text is read, and what is wrong with it is said in
// upstream's words. Source: Go encoding/json (go1.27), Decoder; what Alertmanager 0.33 answers.

const DEPTH_MAX = 10_000

const WORDS: Readonly<Record<string, string>> = { t: 'true', f: 'false', n: 'null' }

/** Where the first value of a text ends. Throws an Error with what is wrong with it. */
export function endOfFirstValue(text: string): number {
  const closers: string[] = []
  let at = pastSpace(text, 0)
  for (;;) {
    const char = text[at]
    if (char === '{' || char === '[') {
      const closer = char === '{' ? '}' : ']'
      at = pastSpace(text, at + 1)
      if (text[at] !== closer) {
        if (closers.push(closer) > DEPTH_MAX) throw new Error('exceeded max depth')
        if (closer === '}') at = pastKey(text, at)
        continue
      }
      at++
    } else at = pastScalar(text, at)
    for (;;) {
      const closer = closers.at(-1)
      if (closer === undefined) return at
      at = pastSpace(text, at)
      if (text[at] === ',') {
        at = pastSpace(text, at + 1)
        if (closer === '}') at = pastKey(text, at)
        break
      }
      if (text[at] !== closer) throw wrong(text, at, closer === '}' ? 'after object key:value pair' : 'after array element')
      closers.pop()
      at++
    }
  }
}

function pastSpace(text: string, from: number): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\t' || text[at] === '\r') at++
  return at
}

/** Past the colon and what is between it and the value. */
function pastKey(text: string, from: number): number {
  if (text[from] !== '"') throw wrong(text, from, 'looking for beginning of object key string')
  const at = pastSpace(text, pastText(text, from))
  if (text[at] !== ':') throw wrong(text, at, 'after object key')
  return pastSpace(text, at + 1)
}

function pastScalar(text: string, at: number): number {
  const char = text[at] ?? ''
  if (char === '"') return pastText(text, at)
  if (char in WORDS) return pastWord(text, at, WORDS[char])
  if (char === '-' || /\d/.test(char)) return pastNumber(text, at)
  throw wrong(text, at, 'looking for beginning of value')
}

function pastText(text: string, from: number): number {
  for (let at = from + 1; ; at++) {
    const char = text[at]
    if (char === '"') return at + 1
    if (char === undefined || char < ' ') throw wrong(text, at, 'in string')
    if (char !== '\\') continue
    const sequence = /^\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/.exec(text.slice(at, at + 6))?.[0]
    if (sequence !== undefined) at += sequence.length - 1
    else if (/^\\(?:u[\da-fA-F]{0,3})?$/.test(text.slice(at))) throw new Error('unexpected EOF')
    else throw new Error(`invalid escape sequence \`${text.slice(at, at + (text[at + 1] === 'u' ? 6 : 2))}\` in string`)
  }
}

function pastWord(text: string, from: number, word: string): number {
  for (let i = 1; i < word.length; i++)
    if (text[from + i] !== word[i]) throw wrong(text, from + i, `in literal ${word} (expecting '${word[i]}')`)
  return from + word.length
}

function pastNumber(text: string, from: number): number {
  let at = text[from] === '-' ? from + 1 : from
  at = text[at] === '0' ? at + 1 : pastDigits(text, at)
  if (text[at] === '.') at = pastDigits(text, at + 1)
  if (text[at] !== 'e' && text[at] !== 'E') return at
  return pastDigits(text, text[at + 1] === '+' || text[at + 1] === '-' ? at + 2 : at + 1)
}

function pastDigits(text: string, from: number): number {
  let at = from
  while (text[at] >= '0' && text[at] <= '9') at++
  if (at === from) throw wrong(text, at, 'in numeric literal')
  return at
}

function wrong(text: string, at: number, where: string): Error {
  const code = text.codePointAt(at)
  if (code === undefined) return new Error('unexpected EOF')
  const char = String.fromCodePoint(code)
  // A character stands in other quotes than a text.
  const inner = char === '"' ? char : char === "'" ? "\\'" : quote(char).slice(1, -1)
  return new Error(`invalid character '${inner}' ${where}`)
}
