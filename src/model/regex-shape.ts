// What a regular expression says about its matches without running it. Sound, not complete: where the expression
// uses something unknown here, the shape says less, never more. The oracle in the test is the plain engine.
// Source of the idea: Prometheus model/labels/regexp.go (FastRegexMatcher).

/** At least `min` characters of any kind. */
interface Gap {
  readonly min: number
}
const opaque = Symbol('opaque')
/** A literal, a gap, or something that only the engine can match (possibly nothing). */
type Item = string | Gap | typeof opaque
export type Sequence = readonly Item[]

const SEQUENCES_MAX = 256
/** Each item is a copy of those before it: what is longer is left to the engine. */
const ITEMS_MAX = 4096
const CLASS_SIZE_MAX = 32

/** Alternatives of which every match of the whole text follows one; undefined when the expression is beyond this analysis. */
export function regexShape(source: string): readonly Sequence[] | undefined {
  try {
    return new ShapeParser(source).parse().map(normalize)
  } catch (error) {
    if (error instanceof BeyondShape) return undefined
    throw error
  }
}

/** The literal that every sequence begins with. */
export function commonPrefix(sequences: readonly Sequence[]): string {
  return sequences.map(([first]) => (typeof first === 'string' ? first : '')).reduce(sharedStart)
}

/** The literal that every sequence ends with. */
export function commonSuffix(sequences: readonly Sequence[]): string {
  const reversed = sequences.map((sequence) => {
    const last = sequence.at(-1)
    return typeof last === 'string' ? reverse(last) : ''
  })
  return reverse(reversed.reduce(sharedStart))
}

/** The strings themselves, when every sequence is one literal. */
export function literals(sequences: readonly Sequence[]): readonly string[] | undefined {
  const out = new Set<string>()
  for (const sequence of sequences) {
    if (sequence.length === 0) out.add('')
    else if (sequence.length === 1 && typeof sequence[0] === 'string') out.add(sequence[0])
    else return undefined
  }
  return [...out]
}

/** A test for one sequence of literals and gaps; undefined when it has an item that only the engine can match. */
export function sequenceTest(sequence: Sequence): ((text: string) => boolean) | undefined {
  const middle: { min: number; literal: string }[] = []
  let prefix = ''
  let suffix = ''
  let lastGapMin = 0
  for (const [index, item] of sequence.entries()) {
    if (item === opaque) return undefined
    if (typeof item !== 'string') lastGapMin = item.min
    else if (index === 0) prefix = item
    else if (index === sequence.length - 1) suffix = item
    else middle.push({ min: lastGapMin, literal: item })
  }
  if (sequence.length === 0) return (text) => text === ''
  if (sequence.length === 1 && prefix !== '') return (text) => text === prefix
  return (text) => {
    const end = text.length - suffix.length
    if (!text.startsWith(prefix) || !text.endsWith(suffix)) return false
    let position = prefix.length
    for (const { min, literal } of middle) {
      const found = text.indexOf(literal, position + min)
      if (found < 0) return false
      position = found + literal.length
    }
    return end - position >= lastGapMin
  }
}

/** The expression is fine perhaps, but nothing is known about it. */
class BeyondShape extends Error {}

const GAP_ANY: Gap = { min: 0 }
const GAP_SOME: Gap = { min: 1 }
const ANY_CHARACTER: readonly Sequence[] = [[opaque]]
const OPAQUE: readonly Sequence[] = [[opaque]]

class ShapeParser {
  readonly #source: string
  #position = 0
  #depth = 0

  constructor(source: string) {
    this.#source = source
  }

  parse(): readonly Sequence[] {
    const sequences = this.#alternatives()
    if (this.#position < this.#source.length) throw new BeyondShape()
    return sequences
  }

  #alternatives(): readonly Sequence[] {
    let out = this.#concatenation()
    while (this.#take('|')) {
      const more = this.#concatenation()
      out = out.length + more.length > SEQUENCES_MAX ? OPAQUE : [...out, ...more]
    }
    return out
  }

  #concatenation(): readonly Sequence[] {
    let out: readonly Sequence[] = [[]]
    const start = this.#position
    while (this.#position < this.#source.length && !this.#at('|') && !this.#at(')')) {
      if (this.#isOwnAnchor(start)) continue
      const dot = this.#at('.')
      const atom = this.#quantified(this.#atom(), dot)
      out = product(out, out.length * atom.length > SEQUENCES_MAX ? OPAQUE : atom)
      if (out[0].length > ITEMS_MAX) throw new BeyondShape()
    }
    return out
  }

  /** `^` that opens an alternative of the outermost level, or `$` that closes one: the whole text is matched anyway. */
  #isOwnAnchor(start: number): boolean {
    if (this.#depth > 0) return false
    const next = this.#source[this.#position + 1] ?? '|'
    if ('*+?{'.includes(next)) return false
    const own = (this.#at('^') && this.#position === start) || (this.#at('$') && next === '|')
    if (own) this.#position++
    return own
  }

  #atom(): readonly Sequence[] {
    const char = String.fromCodePoint(this.#source.codePointAt(this.#position)!)
    this.#position += char.length
    switch (char) {
      case '.':
        return ANY_CHARACTER
      case '^':
      case '$':
        return OPAQUE
      case '(':
        return this.#group()
      case '[':
        return this.#characterClass()
      case '\\':
        return this.#escape()
      case '*':
      case '+':
      case '?':
        throw new BeyondShape()
      default:
        return [[char]]
    }
  }

  #quantified(atom: readonly Sequence[], dot: boolean): readonly Sequence[] {
    const repeat = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.exec(this.#source.slice(this.#position, this.#position + 12))?.[0]
    if (repeat === undefined) return atom
    this.#position += repeat.length
    this.#take('?')
    if (/^[*+?]/.test(this.#source.slice(this.#position))) throw new BeyondShape()
    if (dot && repeat === '*') return [[GAP_ANY]]
    if (dot && repeat === '+') return [[GAP_SOME]]
    if (repeat === '?' && !dot) return [...atom, []]
    return OPAQUE
  }

  #group(): readonly Sequence[] {
    if (this.#at('?')) {
      const opening = /^\?(?:s?:|P?<\w+>)/.exec(this.#source.slice(this.#position))
      if (opening === null) throw new BeyondShape()
      this.#position += opening[0].length
    }
    this.#depth++
    const inner = this.#alternatives()
    this.#depth--
    if (!this.#take(')')) throw new BeyondShape()
    return inner
  }

  #escape(): readonly Sequence[] {
    const char = this.#source[this.#position++]
    if (char === undefined) throw new BeyondShape()
    const control = CONTROLS[char]
    if (control !== undefined) return [[control]]
    if ('dDwWsSbBAz'.includes(char)) return OPAQUE
    if (char === 'p' || char === 'P') {
      const property = /^(?:\{[^}]*\}|[a-zA-Z])/.exec(this.#source.slice(this.#position))
      if (property === null) throw new BeyondShape()
      this.#position += property[0].length
      return OPAQUE
    }
    if (!/^[!-/:-@[-`{-~]$/.test(char)) throw new BeyondShape()
    return [[char]]
  }

  /** Lists small classes such as `[abc]` and `[0-3]`; the rest is read only to find its end. */
  #characterClass(): readonly Sequence[] {
    const characters = new Set<string>()
    let listed = !this.#take('^')
    for (let first = true; first || !this.#at(']'); first = false) {
      if (this.#position >= this.#source.length) throw new BeyondShape()
      if (this.#source.startsWith('[:', this.#position)) {
        const end = this.#source.indexOf(':]', this.#position)
        if (end < 0) throw new BeyondShape()
        this.#position = end + 2
        listed = false
        continue
      }
      const low = this.#classCharacter()
      const ranged = this.#at('-') && this.#source[this.#position + 1] !== ']'
      if (ranged) this.#position++
      const high = ranged ? this.#classCharacter() : low
      if (low === undefined || high === undefined) listed = false
      else for (let code = low; listed && code <= high; code++) listed = characters.add(String.fromCodePoint(code)).size <= CLASS_SIZE_MAX
    }
    this.#position++
    return listed ? [...characters].map((char) => [char]) : OPAQUE
  }

  /** A code point; undefined for an escape that stands for several. */
  #classCharacter(): number | undefined {
    const code = this.#source.codePointAt(this.#position)
    if (code === undefined) throw new BeyondShape()
    if (code !== 0x5c) {
      this.#position += code > 0xffff ? 2 : 1
      return code
    }
    this.#position++
    const [[escaped]] = this.#escape()
    return typeof escaped === 'string' ? escaped.codePointAt(0) : undefined
  }

  #at(char: string): boolean {
    return this.#source[this.#position] === char
  }

  #take(char: string): boolean {
    if (!this.#at(char)) return false
    this.#position++
    return true
  }
}

const CONTROLS: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', a: '\x07' }

function product(left: readonly Sequence[], right: readonly Sequence[]): readonly Sequence[] {
  return left.flatMap((a) => right.map((b) => [...a, ...b]))
}

/** Joins neighbouring literals and neighbouring gaps. */
function normalize(sequence: Sequence): Sequence {
  const out: Item[] = []
  for (const item of sequence) {
    const last = out.at(-1)
    if (typeof item === 'string' && typeof last === 'string') out[out.length - 1] = last + item
    else if (typeof item === 'object' && typeof last === 'object') {
      const min = last.min + item.min
      out[out.length - 1] = min > 1 ? opaque : { min }
    } else out.push(item)
  }
  return out
}

function sharedStart(a: string, b: string): string {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length++
  return a.slice(0, length)
}

function reverse(text: string): string {
  let out = ''
  for (let i = text.length - 1; i >= 0; i--) out += text[i]
  return out
}
