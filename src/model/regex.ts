import { RE2JS } from 're2js'
import { CodedError } from '../base/errors.ts'

/** An RE2 regular expression, matched against whole strings in linear time. */
export interface Regex {
  readonly source: string
  /** When only these strings can match: the alternatives of `a|b|c` or one literal. Lets an index look them up. */
  readonly setMatches: readonly string[] | undefined
  /** Every match starts with this; empty when nothing is known. */
  readonly prefix: string
  test(text: string): boolean
}

/** Throws a `bad_data` CodedError with upstream's wording when `source` is not RE2 syntax. */
export function compileRegex(source: string): Regex {
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(`^(?s:${source})$`)
  } catch (cause) {
    throw new CodedError('bad_data', `error parsing regexp: ${(cause as Error).message}`, { cause })
  }
  return { source, setMatches: undefined, prefix: '', test: (text) => compiled.test(text) }
}
