import { CodedError, errorMessage } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import { formatByteSize, parseByteSize } from '../model/byte-size.ts'
import { formatDuration, parseDuration } from '../model/duration.ts'

// Command-line flags by table: what a role takes, what each means, what is known upstream and not built here.
// Source of the syntax: alecthomas/kingpin, which upstream uses: --flag=value, --flag value, --flag and --no-flag for switches.

/**
 * `unsupported`: upstream has it, we have not built it. `retired`: upstream has removed it or keeps it for its own tests.
 * Both are accepted, without effect, with a warning.
 */
export type FlagStatus = 'supported' | 'unsupported' | 'retired'

export interface Flag<T> {
  /** Read for every value given; throws a CodedError. */
  parse(text: string): T
  format(value: T): string
  readonly default: T
  readonly help: string
  readonly placeholder: string
  /** Given by its presence, or as --no-NAME. */
  readonly isSwitch: boolean
  readonly repeatable: boolean
  readonly status: FlagStatus
  /** A retired name of another flag, which takes the value. */
  readonly aliasOf?: string
}

// biome-ignore lint/suspicious/noExplicitAny: a table holds flags of different types, and keeps each.
export type FlagTable = Readonly<Record<string, Flag<any>>>
export type FlagValues<F extends FlagTable> = { readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never }

export interface ParsedFlags<F extends FlagTable> {
  readonly values: FlagValues<F>
  readonly given: ReadonlySet<string>
  /** One line each: flags without effect. */
  readonly warnings: readonly string[]
  readonly help: boolean
}

interface Options<T> {
  readonly default: T
  readonly help: string
  readonly placeholder?: string
  readonly status?: FlagStatus
  readonly aliasOf?: string
}

function make<T>(options: Options<T>, kind: Pick<Flag<T>, 'parse' | 'format'> & Partial<Flag<T>>, placeholder: string): Flag<T> {
  return { isSwitch: false, repeatable: false, status: 'supported', placeholder, ...kind, ...options }
}

export const flag = {
  text: (options: Options<string> & { readonly required?: boolean }) =>
    make(options, { parse: (text) => (options.required ? parseGiven(text, options.placeholder) : text), format: (value) => value }, 'TEXT'),
  /** May be given several times; each may be a list with commas when `separated`. */
  texts: (options: Options<readonly string[]> & { readonly separated?: boolean }) =>
    make<readonly string[]>(
      options,
      {
        parse: (text) => (options.separated ? text.split(',').filter((part) => part !== '') : [text]),
        format: (value) => value.join(','),
        repeatable: true,
      },
      'TEXT',
    ),
  boolean: (options: Options<boolean>) => make(options, { parse: parseBoolean, format: String, isSwitch: true }, ''),
  integer: (options: Options<number> & { readonly least?: number }) =>
    make(options, { parse: (text) => atLeast(parseInteger(text), options.least, String), format: String }, 'NUMBER'),
  float: (options: Options<number>) => make(options, { parse: parseFloatFlag, format: String }, 'NUMBER'),
  /** ms; undefined when it may be left out. */
  duration: <T extends number | undefined>(options: Options<T> & { readonly least?: number; readonly zeroIsDefault?: boolean }) =>
    make<T>(
      options,
      { parse: (text) => parseDurationFlag(text, options) as T, format: (value) => (value === undefined ? '' : formatDuration(value)) },
      'DURATION',
    ),
  /** Bytes; 0 when it may be left out. */
  bytes: (options: Options<number>) => make(options, { parse: parseByteSize, format: formatByteSize }, 'BYTES'),
  choice: <const V extends string>(values: readonly V[], options: Options<V>) =>
    make<V>(
      options,
      {
        parse(text) {
          if ((values as readonly string[]).includes(text)) return text as V
          throw new CodedError('bad_data', `found ${JSON.stringify(text)}, want one of ${values.join(', ')}`)
        },
        format: (value) => value,
      },
      values.join('|'),
    ),
}

function parseGiven(text: string, placeholder = 'TEXT'): string {
  if (text !== '') return text
  throw new CodedError('bad_data', `found "", want ${placeholder}`)
}

function parseDurationFlag<T>(
  text: string,
  options: { readonly default: T; readonly least?: number; readonly zeroIsDefault?: boolean },
): number | T {
  const ms = parseDuration(text)
  return ms === 0 && options.zeroIsDefault ? options.default : atLeast(ms, options.least, formatDuration)
}

function atLeast(value: number, least = 0, format: (value: number) => string): number {
  if (value >= least) return value
  throw new CodedError('bad_data', `found ${format(value)}, want at least ${format(least)}`)
}

function parseBoolean(text: string): boolean {
  if (text === 'true') return true
  if (text === 'false') return false
  throw new CodedError('bad_data', `found ${JSON.stringify(text)}, want true or false`)
}

/** Also `5e7`, as upstream's defaults are written. */
function parseInteger(text: string): number {
  const value = /^\d+(?:e\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value)) return value
  throw new CodedError('bad_data', `found ${JSON.stringify(text)}, want a whole number`)
}

function parseFloatFlag(text: string): number {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return Number(text)
  throw new CodedError('bad_data', `found ${JSON.stringify(text)}, want a number`)
}

/** Throws a `bad_data` CodedError with a message for the terminal; the program then exits with 2. */
export function parseFlags<F extends FlagTable>(args: readonly string[], table: F): ParsedFlags<F> {
  const values = new Map<string, unknown>(Object.entries(table).map(([name, { default: value }]) => [name, value]))
  const given = new Set<string>()
  const warnings: string[] = []
  let help = false
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]
    if (arg === '-h' || arg === '--help') {
      help = true
      continue
    }
    if (!arg.startsWith('--') || arg === '--') throw new CodedError('bad_data', `unexpected ${arg}, want flags only`)
    const [, typed, inline] = /^--([^=]*)(?:=(.*))?$/s.exec(arg)!
    const negated = !Object.hasOwn(table, typed) && typed.startsWith('no-') && table[typed.slice(3)]?.isSwitch === true
    const name = negated ? typed.slice(3) : typed
    const known = Object.hasOwn(table, name) ? table[name] : undefined
    if (known === undefined) throw unknownFlag(typed, Object.keys(table))
    let text = inline
    if (known.isSwitch) {
      if (negated && inline !== undefined) throw new CodedError('bad_data', `--${typed} takes no value, found ${JSON.stringify(inline)}`)
      text = negated ? 'false' : (inline ?? 'true')
    } else if (text === undefined) {
      if (index + 1 >= args.length) throw new CodedError('bad_data', `expected argument for flag '--${typed}'`)
      text = args[++index]
    }
    if (given.has(name) && !known.repeatable) throw new CodedError('bad_data', `flag '${name}' cannot be repeated`)
    const value = parseValue(name, known, text)
    if (known.status !== 'supported' && !given.has(name)) warnings.push(withoutEffect(name, known))
    const target = known.aliasOf ?? name
    if (known.aliasOf === undefined || !given.has(known.aliasOf)) {
      values.set(
        target,
        known.repeatable && given.has(name) ? [...(values.get(target) as readonly unknown[]), ...(value as readonly unknown[])] : value,
      )
    }
    given.add(name)
  }
  return { values: Object.fromEntries(values) as FlagValues<F>, given, warnings, help }
}

function parseValue<T>(name: string, known: Flag<T>, text: string): T {
  try {
    return known.parse(text)
  } catch (cause) {
    throw new CodedError('bad_data', `--${name}: ${errorMessage(cause)}`, { cause })
  }
}

function withoutEffect(name: string, known: Flag<unknown>): string {
  if (known.aliasOf !== undefined) return `--${name} is retired, --${known.aliasOf} has taken its place`
  return known.status === 'retired'
    ? `--${name} is retired or internal to Prometheus and has no effect`
    : `--${name} is not supported yet and is ignored`
}

function unknownFlag(typed: string, names: readonly string[]): CodedError {
  const meant = nearest(typed, names)
  return new CodedError('bad_data', `unknown long flag '--${typed}'${meant === undefined ? '' : `, did you mean --${meant}?`}`)
}

/** Every flag's value as text, by name: what /api/v1/status/flags shows. */
export function flagTexts<F extends FlagTable>(table: F, values: FlagValues<F>): Record<string, string> {
  return Object.fromEntries(Object.entries(table).map(([name, known]) => [name, known.format(values[name])]))
}

/** The flags with their defaults, for a terminal; those without effect are left out. */
export function flagHelp(table: FlagTable): string {
  const lines: string[] = []
  for (const [name, known] of Object.entries(table)) {
    if (known.status !== 'supported') continue
    const value = defaultText(known)
    lines.push(
      `  --${known.isSwitch ? '[no-]' : ''}${name}${known.isSwitch ? '' : `=${value || known.placeholder}`}${known.repeatable ? ' ...' : ''}`,
    )
    lines.push(...wrap(known.help, 92).map((line) => `      ${line}`))
  }
  return lines.join('\n')
}

/** The whole table for the documentation. */
export function flagMarkdown(table: FlagTable): string {
  const rows = Object.entries(table).map(([name, known]) => {
    const status = known.aliasOf === undefined ? known.status : `retired, now \`--${known.aliasOf}\``
    const value = defaultText(known).replaceAll('|', '\\|')
    return `| \`--${name}\` | ${value === '' ? '' : `\`${value.replaceAll('|', '\\|')}\``} | ${status} | ${known.help.replaceAll('|', '\\|')} |`
  })
  return ['| flag | default | here | meaning |', '|---|---|---|---|', ...rows].join('\n')
}

function defaultText(known: Flag<unknown>): string {
  return known.default === undefined ? '' : known.format(known.default)
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
