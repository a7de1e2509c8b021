import { errorMessage } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
import { parseFloatText } from '../model/go-float.ts'
import { compileSearchRegex, type SearchRegex } from '../model/regex.ts'
import { GoDuration } from './duration-value.ts'
import { humanizeDuration } from './humanize.ts'
import { type Callable, GoList, GoSafeText, typeNameOf, type Value } from './value.ts'

// The functions that templates of rules and of notifications share.
// Source: Prometheus docs/configuration/template_reference.md; Alertmanager docs/notifications.md, "Strings".

/** A list of texts. */
export const stringList = (texts: readonly string[]): GoList => new GoList(texts, '[]string')

/** A function of texts to a text. */
export function textFunction(count: number, call: (...texts: string[]) => Value): Callable {
  return { params: new Array(count).fill('string'), call: (args) => call(...(args as string[])) }
}

/**
 * A number out of what templates have: float64, int, a duration's seconds, a text of a number.
 * Source: prometheus/common helpers/templates/convert.go.
 */
export function toFloat(value: Value): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof GoDuration) return Number(value.value) / 1e9
  if (typeof value !== 'string') throw new Error(`can't convert ${typeNameOf(value)} to float`)
  const number = parseFloatText(value)
  if (number === undefined) throw new Error(`strconv.ParseFloat: parsing ${quote(value)}: invalid syntax`)
  return number
}

/** A function of one number in any of its forms. */
export function numberFunction(call: (value: number) => Value): Callable {
  return { params: ['any'], call: ([value]) => call(toFloat(value)) }
}

/** With the error of upstream's MustCompile. */
function mustCompile(pattern: string): SearchRegex {
  try {
    return compileSearchRegex(pattern)
  } catch (error) {
    throw new Error(`regexp: Compile(${pattern.includes('`') ? quote(pattern) : `\`${pattern}\``}): ${errorMessage(error)}`)
  }
}

export const TEXT_FUNCTIONS: readonly (readonly [string, Callable])[] = [
  ['toUpper', textFunction(1, (text) => text.toUpperCase())],
  ['toLower', textFunction(1, (text) => text.toLowerCase())],
  ['title', textFunction(1, (text) => titleWords(text, { isRestLowered: true }))],
  ['match', textFunction(2, (pattern, text) => compileSearchRegex(pattern).test(text))],
  ['reReplaceAll', textFunction(3, (pattern, replacement, text) => mustCompile(pattern).replaceAll(text, replacement))],
  ['safeHtml', textFunction(1, (text) => new GoSafeText('template.HTML', text))],
  ['humanizeDuration', numberFunction(humanizeDuration)],
]

/** Every word begins with a capital letter. Source: golang.org/x/text/cases, Title. */
export function titleWords(text: string, { isRestLowered }: { readonly isRestLowered: boolean }): string {
  return text.replace(/[\p{L}\p{N}_][\p{L}\p{M}\p{N}_]*(?:['’.:][\p{L}\p{M}\p{N}_]+)*/gu, (word) => {
    const rest = isRestLowered ? word.toLowerCase() : word
    return rest.replace(/\p{L}/u, (letter) => letter.toUpperCase())
  })
}
