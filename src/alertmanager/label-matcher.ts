import { quote } from '../base/go-quote.ts'
import { compareStrings, type Labels } from '../model/labels.ts'
import type { MatchOperator } from '../model/matcher.ts'
import { compileRegex, compileSearchRegex, type Regex, type SearchRegex } from '../model/regex.ts'

/**
 * A condition on one label of an alert; a label that is absent has the empty value. As a server's matcher, but `.` matches no newline
 * and it is printed in another way. Source: Alertmanager pkg/labels/matcher.go.
 */
export class LabelMatcher {
  readonly name: string
  readonly operator: MatchOperator
  readonly value: string
  readonly #regex: AnchoredRegex | undefined

  /** Throws a `bad_data` CodedError with Go's wording when a regex does not compile. */
  constructor(operator: MatchOperator, name: string, value: string) {
    this.operator = operator
    this.name = name
    this.value = value
    this.#regex = operator === '=~' || operator === '!~' ? new AnchoredRegex(value) : undefined
  }

  get isRegex(): boolean {
    return this.#regex !== undefined
  }

  /** Whether it asks for what its value says, rather than for anything else: `=` and `=~`. */
  get isEqual(): boolean {
    return this.operator === '=' || this.operator === '=~'
  }

  matches(value: string): boolean {
    return (this.#regex === undefined ? value === this.value : this.#regex.test(value)) === this.isEqual
  }

  /** `name="value"`; the name is quoted where the parser of old would not take it. */
  toString(): string {
    if (RESERVED.test(this.name)) return `${quote(this.name)}${this.operator}${quote(this.value)}`
    return `${this.name}${this.operator}"${this.value.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`))}"`
  }
}

/** What Go's unicode.IsSpace says of, and what has a meaning in matchers. */
export const RESERVED = /[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000{}!=~,\\"'`]/u

/** `^(?:source)$` of Go, where `.` matches no newline. */
class AnchoredRegex {
  readonly #anchored: string
  /** The expression with a `.` that does, which is the faster one, and the same for a text without a newline. */
  readonly #fast: Regex | undefined
  #exact: SearchRegex | undefined

  constructor(source: string) {
    this.#anchored = `^(?:${source})$`
    this.#fast = fastRegex(source)
    // Upstream's error shows the anchored form; and that may be fine, where `a)(b` by itself is not.
    if (this.#fast === undefined) this.#exact = compileSearchRegex(this.#anchored)
  }

  test(value: string): boolean {
    if (this.#fast !== undefined && !value.includes('\n')) return this.#fast.test(value)
    this.#exact ??= compileSearchRegex(this.#anchored)
    return this.#exact.test(value)
  }
}

function fastRegex(source: string): Regex | undefined {
  try {
    return compileRegex(source)
  } catch {
    return undefined
  }
}

const OPERATORS: readonly MatchOperator[] = ['=', '!=', '=~', '!~']

/** By name, value and kind, which is the order in which they are printed. Source: Alertmanager pkg/labels/matcher.go, Matchers.Less. */
export function compareMatchers(a: LabelMatcher, b: LabelMatcher): number {
  return compareStrings(a.name, b.name) || compareStrings(a.value, b.value) || OPERATORS.indexOf(a.operator) - OPERATORS.indexOf(b.operator)
}

/** `{a="b",c=~"d"}`. */
export function formatMatchers(matchers: readonly LabelMatcher[]): string {
  return `{${matchers.join(',')}}`
}

export function matchesAll(matchers: readonly LabelMatcher[], labels: Labels): boolean {
  for (const matcher of matchers) if (!matcher.matches(labels.get(matcher.name))) return false
  return true
}
