import { quote } from '../base/go-quote.ts'
import { isLegacyLabelName } from './labels.ts'
import type { Regex } from './regex.ts'
import { compileRegex } from './regex.ts'

export type MatchOperator = '=' | '!=' | '=~' | '!~'

/** A condition on one label. A label that is absent has the empty value. Regexes are anchored at both ends, `.` matches newlines. */
export class Matcher {
  readonly name: string
  readonly operator: MatchOperator
  readonly value: string
  readonly regex: Regex | undefined

  /** Throws a `bad_data` CodedError when a regex does not compile. */
  constructor(operator: MatchOperator, name: string, value: string) {
    this.operator = operator
    this.name = name
    this.value = value
    this.regex = operator === '=~' || operator === '!~' ? compileRegex(value) : undefined
  }

  matches(value: string): boolean {
    switch (this.operator) {
      case '=':
        return value === this.value
      case '!=':
        return value !== this.value
      case '=~':
        return this.regex!.test(value)
      case '!~':
        return !this.regex!.test(value)
    }
  }

  /** Whether a series without this label can match. */
  get matchesEmpty(): boolean {
    return this.matches('')
  }

  toString(): string {
    return `${isLegacyLabelName(this.name) ? this.name : quote(this.name)}${this.operator}${quote(this.value)}`
  }
}
