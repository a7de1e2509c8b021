import { quote } from '../base/go-quote.ts'
import { formatGeneral } from '../model/go-float.ts'
import { formatFloat } from '../model/go-text.ts'
import { GoNamedInt } from './named-int.ts'
import { GoList, GoMap, type GoObject, GoSafeText, GoStruct, printValue, typeNameOf, type Value } from './value.ts'

// Go's fmt.Sprintf, Sprint and Sprintln on the values of templates. Source: Go fmt, "Printing"; print.go, format.go.

/** Go refuses what is wider: %!(BADWIDTH). */
const WIDTH_MAX = 1_000_000

interface Directive {
  readonly plus: boolean
  /** Of %+v. */
  readonly names: boolean
  readonly minus: boolean
  readonly sharp: boolean
  readonly space: boolean
  readonly zero: boolean
  readonly width: number | null
  readonly precision: number | null
}

const PLAIN: Directive = { plus: false, names: false, minus: false, sharp: false, space: false, zero: false, width: null, precision: null }

/** Operands with a space between two of which neither is a string. */
export function sprint(args: readonly Value[]): string {
  let out = ''
  args.forEach((arg, index) => {
    if (index > 0 && !isText(arg) && !isText(args[index - 1])) out += ' '
    out += formatVerb('v', arg, PLAIN)
  })
  return out
}

const isText = (value: Value): boolean => typeof value === 'string' || value instanceof GoSafeText

export function sprintln(args: readonly Value[]): string {
  return `${args.map((arg) => formatVerb('v', arg, PLAIN)).join(' ')}\n`
}

export function sprintf(format: string, args: readonly Value[]): string {
  let out = ''
  let offset = 0
  let next = 0
  let reordered = false
  while (offset < format.length) {
    const percent = format.indexOf('%', offset)
    if (percent < 0) {
      out += format.slice(offset)
      break
    }
    out += format.slice(offset, percent)
    const parsed = parseDirective(format, percent + 1, args, next)
    offset = parsed.end
    next = parsed.next
    reordered ||= parsed.reordered
    out += parsed.complaint
    if (parsed.verb === '') {
      out += '%!(NOVERB)'
      break
    }
    if (parsed.verb === '%') out += '%'
    else if (parsed.badIndex) out += `%!${parsed.verb}(BADINDEX)`
    else if (next >= args.length) out += `%!${parsed.verb}(MISSING)`
    else out += formatVerb(parsed.verb, args[next++], parsed.directive)
  }
  if (!reordered && next < args.length) {
    out += `%!(EXTRA ${args
      .slice(next)
      .map((arg) => (arg === null || arg === undefined ? '<nil>' : `${typeNameOf(arg)}=${printValue(arg, false)}`))
      .join(', ')})`
  }
  return out
}

interface Parsed {
  readonly directive: Directive
  /** Empty where the format ends. */
  readonly verb: string
  readonly end: number
  readonly next: number
  readonly reordered: boolean
  readonly badIndex: boolean
  readonly complaint: string
}

function parseDirective(format: string, start: number, args: readonly Value[], first: number): Parsed {
  let at = start
  let next = first
  let reordered = false
  let badIndex = false
  let complaint = ''
  const flags = /[+\-# 0]*/y
  flags.lastIndex = at
  const found = flags.exec(format)?.[0] ?? ''
  at += found.length
  let minus = found.includes('-')
  const index = (): void => {
    if (format[at] !== '[') return
    reordered = true
    const match = /\[(\d+)\]/y
    match.lastIndex = at
    const number = Number(match.exec(format)?.[1])
    if (number >= 1 && number <= args.length) next = number - 1
    else badIndex = true
    const close = format.indexOf(']', at)
    at = close < 0 ? at + 1 : close + 1
  }
  const number = (): number | null => {
    const digits = /\d+/y
    digits.lastIndex = at
    const text = digits.exec(format)?.[0]
    if (text === undefined) return null
    at += text.length
    return Number(text)
  }
  const star = (bad: string): number | null => {
    at++
    const arg = args[next]
    if (next < args.length) next++
    if (typeof arg === 'bigint' && arg <= WIDTH_MAX && arg >= -WIDTH_MAX) return Number(arg)
    complaint += bad
    return null
  }
  index()
  let width: number | null
  if (format[at] === '*') {
    width = star('%!(BADWIDTH)')
    if (width !== null && width < 0) {
      minus = true
      width = -width
    }
  } else width = number()
  if (width !== null && width > WIDTH_MAX) {
    complaint += '%!(BADWIDTH)'
    width = null
  }
  let precision: number | null = null
  if (format[at] === '.') {
    at++
    index()
    if (format[at] === '*') {
      precision = star('%!(BADPREC)')
      if (precision !== null && precision < 0) {
        precision = null
        complaint += '%!(BADPREC)'
      }
    } else precision = number() ?? 0
    if (precision !== null && precision > WIDTH_MAX) {
      complaint += '%!(BADPREC)'
      precision = null
    }
  }
  index()
  const point = format.codePointAt(at)
  const verb = point === undefined ? '' : String.fromCodePoint(point)
  // %+v asks for the names of fields and %#v for Go's syntax: neither means the flag of a number.
  const isPlain = verb === 'v'
  const directive = {
    plus: found.includes('+') && !isPlain,
    names: found.includes('+') && isPlain,
    minus,
    sharp: found.includes('#'),
    space: found.includes(' '),
    zero: found.includes('0') && !minus,
    width,
    precision,
  }
  return { directive, verb, end: at + verb.length, next, reordered, badIndex, complaint }
}

function formatVerb(verb: string, arg: Value, directive: Directive): string {
  if (arg === null || arg === undefined) {
    if (verb === 'T' || verb === 'v') return pad('<nil>', directive)
    return `%!${verb}(<nil>)`
  }
  if (verb === 'T') return pad(typeNameOf(arg), directive)
  if (verb === 'p') return bad(verb, arg)
  switch (typeof arg) {
    case 'boolean':
      return verb === 't' || verb === 'v' ? pad(String(arg), directive) : bad(verb, arg)
    case 'bigint':
      return formatInt(verb, arg, directive)
    case 'number':
      return formatFloatVerb(verb, arg, directive)
    case 'string':
      return formatString(verb, arg, directive)
    default:
      return formatObject(verb, arg, directive)
  }
}

/** A verb of a list, map or struct is the verb of what is in it, width and all. */
function formatObject(verb: string, object: GoObject, directive: Directive): string {
  const text = object instanceof GoSafeText ? object.text : object.method('String')?.call([])
  if (typeof text === 'string' && 'vsxXq'.includes(verb)) return formatString(verb, text, directive)
  if (object instanceof GoNamedInt) return formatInt(verb, object.value, directive)
  if (object instanceof GoList || object instanceof GoMap || object instanceof GoStruct) {
    return object.format((value) => formatVerb(verb, value, directive), directive.names)
  }
  return bad(verb, object)
}

function bad(verb: string, arg: Value): string {
  return `%!${verb}(${typeNameOf(arg)}=${printValue(arg, false)})`
}

function formatInt(verb: string, value: bigint, directive: Directive): string {
  const digits = (radix: number, prefix: string): string => {
    let text = (value < 0n ? -value : value).toString(radix)
    if (directive.precision !== null) text = directive.precision === 0 && value === 0n ? '' : text.padStart(directive.precision, '0')
    return withSign(`${directive.sharp ? prefix : ''}${text}`, value < 0n, directive, directive.precision === null)
  }
  switch (verb) {
    case 'v':
    case 'd':
      return digits(10, '')
    case 'b':
      return digits(2, '0b')
    case 'o':
      return digits(8, '0')
    case 'O':
      return withSign(`0o${(value < 0n ? -value : value).toString(8)}`, value < 0n, directive, true)
    case 'x':
      return digits(16, '0x')
    case 'X':
      return digits(16, '0X').toUpperCase()
    case 'c':
      return pad(runeText(value), directive)
    case 'q':
      return pad(`'${runeText(value) === "'" ? "\\'" : quote(runeText(value)).slice(1, -1).replace('\\"', '"')}'`, directive)
    case 'U':
      return pad(`U+${value.toString(16).toUpperCase().padStart(4, '0')}${directive.sharp ? ` '${runeText(value)}'` : ''}`, directive)
    default:
      return bad(verb, value)
  }
}

function runeText(value: bigint): string {
  return value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn) ? String.fromCodePoint(Number(value)) : '\ufffd'
}

function formatFloatVerb(verb: string, value: number, directive: Directive): string {
  const text = floatDigits(verb, Math.abs(value), directive.precision)
  if (text === undefined) return bad(verb, value)
  const negative = value < 0 || Object.is(value, -0)
  if (Number.isNaN(value)) return pad(directive.plus ? '+NaN' : directive.space ? ' NaN' : 'NaN', directive)
  if (value === Infinity && !directive.plus && !directive.space) return pad('+Inf', directive)
  return withSign(text, negative, Number.isFinite(value) ? directive : { ...directive, zero: false }, true)
}

/** The digits of a number that is not negative; undefined for a verb that float64 does not have. */
function floatDigits(verb: string, value: number, precision: number | null): string | undefined {
  if (!'vgGeEfF'.includes(verb)) return undefined
  if (Number.isNaN(value)) return 'NaN'
  if (value === Infinity) return 'Inf'
  switch (verb) {
    case 'f':
    case 'F':
      return fixed(value, precision ?? 6)
    case 'e':
    case 'E': {
      const text = goExponent(value.toExponential(Math.min(precision ?? 6, 100)))
      return verb === 'E' ? text.toUpperCase() : text
    }
    default: {
      const text = precision === null ? formatGeneral(value) : general(value, precision === 0 ? 1 : precision)
      return verb === 'G' ? text.toUpperCase() : text
    }
  }
}

/** toFixed turns to exponents from 1e21 on. */
function fixed(value: number, precision: number): string {
  const digits = Math.min(precision, 100)
  const text = value < 1e21 ? value.toFixed(digits) : `${BigInt(value)}${digits > 0 ? `.${'0'.repeat(digits)}` : ''}`
  return precision > 100 ? text + '0'.repeat(precision - 100) : text
}

/** At most `precision` significant digits, no zeros at the end; an exponent below 1e-4 and from 10^precision on. */
function general(value: number, precision: number): string {
  if (value === 0) return '0'
  const [mantissa = '', exponent = '0'] = value.toExponential(Math.min(precision - 1, 100)).split('e')
  const power = Number(exponent)
  const trimmed = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa
  if (power < -4 || power >= precision) return goExponent(`${trimmed}e${exponent}`)
  return formatFloat(Number(`${trimmed}e${power}`))
}

/** Two digits at least: 1e+06. */
function goExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}

function formatString(verb: string, value: string, directive: Directive): string {
  const cut = directive.precision === null ? value : [...value].slice(0, directive.precision).join('')
  switch (verb) {
    case 'v':
    case 's':
      return pad(directive.sharp && verb === 'v' ? quote(cut) : cut, directive)
    case 'q':
      return pad(directive.sharp && !cut.includes('`') ? `\`${cut}\`` : directive.plus ? quoteAscii(cut) : quote(cut), directive)
    case 'x':
    case 'X': {
      const bytes = Buffer.from(value).subarray(0, directive.precision ?? undefined)
      const pairs = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'))
      const text = `${directive.sharp && pairs.length > 0 ? '0x' : ''}${pairs.join(directive.space ? (directive.sharp ? ' 0x' : ' ') : '')}`
      return pad(verb === 'X' ? text.toUpperCase() : text, directive)
    }
    default:
      return bad(verb, value)
  }
}

/** Go's strconv.QuoteToASCII. */
function quoteAscii(text: string): string {
  return quote(text).replace(/[^\x20-\x7e]/gu, (char) => {
    const hex = (char.codePointAt(0) ?? 0).toString(16)
    return hex.length > 4 ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`
  })
}

function withSign(digits: string, negative: boolean, directive: Directive, mayFill: boolean): string {
  const sign = negative ? '-' : directive.plus ? '+' : directive.space ? ' ' : ''
  if (directive.zero && mayFill && directive.width !== null) return sign + digits.padStart(directive.width - sign.length, '0')
  return pad(sign + digits, { ...directive, zero: false })
}

/** Widths count characters, not bytes. */
function pad(text: string, { width, minus, zero }: Directive): string {
  if (width === null) return text
  const missing = width - [...text].length
  if (missing <= 0) return text
  return minus ? text + ' '.repeat(missing) : (zero ? '0' : ' ').repeat(missing) + text
}
