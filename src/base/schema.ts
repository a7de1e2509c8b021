import { CodedError } from './errors.ts'
import { nearest } from './nearest.ts'
import { redactUrl } from './redact-url.ts'
import { type Field, type Output, type Reading, type Resolve, Schema, type SchemaInfo } from './schema-type.ts'
import { type Plain, plainOf } from './yaml-plain.ts'
import { YamlScalar, type YamlValue } from './yaml-tree.ts'

// Schemas of configuration files, over the values of yaml-tree.ts, which keep what the file says until a field gives it a type. Beside each
// type stands what printing, documentation and warnings need to know about it.
// 1. Every field may be absent, and null is absent, as in upstream's files; what must be there is checked by `check`.
// 2. A field that upstream knows and we have not built is in the schema, checked, and marked `unsupported`.

/** A field that is checked and then ignored with a warning, unless its value is one of `neutral`. */
export function unsupported<S extends Schema>(schema: S, ...neutral: readonly unknown[]): S {
  return new Schema(schema.take, () => schema.info, neutral) as S
}

export type Report = (path: readonly (string | number)[], message: string) => void

type Shape = Readonly<Record<string, Schema>>
type Section<S extends Shape> = { [K in keyof S]?: Output<S[K]> | undefined }
export type SectionSchema<S extends Shape> = Schema<Section<S>>

export interface SectionOptions<V> {
  /** Values that are printed where the file gives none. */
  readonly printed?: Readonly<Record<string, unknown>>
  /** What is printed instead of what the file says, in its words of today. */
  shown?(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>
  /** Rules over several fields; runs when each field by itself is fine. */
  check?(value: V, report: Report): void
}

/** A mapping with known fields. `name` is what upstream's documentation calls it. */
export function section<const S extends Shape>(name: string, shape: S, options: SectionOptions<Section<S>> = {}): SectionSchema<S> {
  const fields = new Map<string, Field>()
  for (const [key, schema] of Object.entries(shape)) {
    fields.set(key, { schema, unsupported: schema.neutral !== undefined, neutral: schema.neutral ?? [] })
  }
  const take = (input: unknown, reading: Reading) => {
    if (!isMapping(input)) {
      reading.report(`found ${describe(input)}, want the fields of ${name}`)
      return undefined
    }
    const knownCount = reading.problems.length
    const out: Record<string, unknown> = {}
    for (const [key, { schema }] of fields) {
      const given = input[key]
      if (given !== undefined) out[key] = reading.below(key, schema, given)
      else if (Object.hasOwn(input, key)) out[key] = undefined
    }
    for (const key of Object.keys(input)) {
      if (!fields.has(key)) reading.report(unknownField(key, name, fields.keys()), [key], true)
    }
    // An unknown field may be the one that a rule would miss.
    if (reading.problems.length === knownCount) options.check?.(out as Section<S>, (path, message) => reading.report(message, path))
    return out as Section<S>
  }
  return new Schema(take, {
    kind: 'section',
    name,
    fields,
    printed: options.printed ?? {},
    shown: options.shown ?? ((value) => value),
  })
}

/** A section that may be one text instead, which is its field `field`. */
export function textOrSection<T>(schema: Schema<T>, field: string): Schema<T> {
  return new Schema(
    (input, reading) => schema.take(input instanceof YamlScalar ? { [field]: input } : input, reading),
    () => schema.info,
  )
}

function unknownField(key: string, name: string, known: Iterable<string>): string {
  const fields = [...known]
  const meant = nearest(key, fields)
  const hint = meant === undefined ? `known fields: ${fields.join(', ')}` : `did you mean ${meant}?`
  return `unknown field ${key} in ${name}, ${hint}`
}

/** A schema that stands inside of itself. */
export function recursive<V>(make: () => Schema<V>): Schema<V> {
  return new Schema(
    (input, reading) => make().take(input, reading),
    () => make().info,
  )
}

/** `empty` is the message for an item that is null. `flow` prints it as `[a, b]`. */
export function list<S extends Schema>(item: S, options: { readonly empty?: string; readonly flow?: boolean } = {}): Schema<Output<S>[]> {
  const take = (input: unknown, reading: Reading) => {
    if (!Array.isArray(input)) {
      reading.report(`found ${describe(input)}, want a list`)
      return undefined
    }
    return input.map((each: unknown, index) => {
      if (each !== undefined) return reading.below(index, item as Schema<Output<S>>, each) as Output<S>
      reading.report(options.empty ?? 'found an empty item', [index])
      return undefined as never
    })
  }
  return new Schema(take, { kind: 'list', item, flow: options.flow ?? false })
}

/** A mapping with names of the user's choice. `name` refuses a name by its message; `empty` a null, which is an empty text otherwise. */
export function map<S extends Schema>(
  value: S,
  name: (key: string) => string | undefined = () => undefined,
  { empty }: { readonly empty?: (key: string) => string } = {},
): Schema<Record<string, Output<S>>> {
  const take = (input: unknown, reading: Reading) => {
    if (!isMapping(input)) {
      reading.report(`found ${describe(input)}, want a mapping`)
      return undefined
    }
    const out: Record<string, Output<S>> = Object.create(null)
    for (const [key, item] of Object.entries(input)) {
      const problem = name(key)
      if (problem !== undefined) reading.report(problem, [key], true)
      if (item === undefined && empty !== undefined) reading.report(empty(key), [key])
      else out[key] = reading.below(key, value, item ?? new YamlScalar('', false)) as Output<S>
    }
    return out
  }
  return new Schema(take, { kind: 'map', value })
}

/** A value of one scalar. `parse` throws a CodedError, whose message is the problem. */
export function scalar<T>(
  type: string,
  parse: (scalar: YamlScalar) => T,
  print: (value: T, resolve: Resolve) => string | number | boolean,
): Schema<T> {
  const take = (input: unknown, reading: Reading) => {
    if (!(input instanceof YamlScalar)) {
      reading.report(`found ${describe(input)}, want ${type}`)
      return undefined
    }
    try {
      return parse(input)
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      reading.report(error.message)
      return undefined
    }
  }
  return new Schema(take, { kind: 'scalar', type, print: print as (value: unknown, resolve: Resolve) => string | number | boolean })
}

/** The same schema every time: a configuration has some thousand fields. */
export function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

export const text = once(() => scalar('a text', ({ text }) => text, String))

/** A path of a file, printed complete. */
export const path = once(() => scalar('a path', ({ text }) => text, completePath))

export function completePath(path: string, resolve: Resolve): string {
  return path === '' ? '' : resolve(path)
}

/** A text that `toYaml` does not show. */
export const secret = once(() =>
  scalar(
    'a text',
    ({ text }) => text,
    (value) => (value === '' ? '' : '<secret>'),
  ),
)

export const boolean = once(() =>
  scalar(
    'true or false',
    ({ text, plain }) => {
      if (plain && /^(?:true|True|TRUE|yes|Yes|YES|on|On|ON|y|Y)$/.test(text)) return true
      if (plain && /^(?:false|False|FALSE|no|No|NO|off|Off|OFF|n|N)$/.test(text)) return false
      throw new CodedError('bad_data', `found ${JSON.stringify(text)}, want true or false`)
    },
    Boolean,
  ),
)

/** An integer of at least `min`, in YAML 1.1's notations: `1_000`, `0x1f`, `0o17` and `017` (both octal), `0b11`, `1e3`. */
export const integer = (min = 0) => (min === 0 ? natural() : wholeNumber(min))

const wholeNumber = (min: number) => scalar('a number', (value) => parseInteger(value, min), Number)
const natural = once(() => wholeNumber(0))

function parseInteger({ text, plain }: YamlScalar, min: number): number {
  const digits = text.replaceAll('_', '')
  let value = Number.NaN
  if (!plain) value = Number.NaN
  else if (/^[+-]?0o?[0-7]+$/.test(digits)) value = Number.parseInt(digits.replace('o', ''), 8)
  else if (/^0x[0-9a-fA-F]+$|^0b[01]+$/.test(digits) || /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(digits)) value = Number(digits)
  if (!Number.isInteger(value) || value < min)
    throw new CodedError('bad_data', `found ${JSON.stringify(text)}, want a whole number${min === 0 ? ' that is not negative' : ''}`)
  if (value > Number.MAX_SAFE_INTEGER) throw new CodedError('bad_data', `found ${text}, want a number up to ${Number.MAX_SAFE_INTEGER}`)
  return value
}

export const float = once(() =>
  scalar(
    'a number',
    ({ text, plain }) => {
      if (!plain || !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text))
        throw new CodedError('bad_data', `found ${JSON.stringify(text)}, want a number`)
      return Number(text)
    },
    Number,
  ),
)

/** Whatever the file says. */
export const anything = once(() => {
  const info = { kind: 'scalar', type: 'anything', print: (value: unknown) => printed(value as Plain) } as const
  return new Schema<Plain>((input) => plainOf(input as YamlValue), info as unknown as SchemaInfo)
})

function printed(value: Plain): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, item]) => [name, printed(item)]))
  if (Array.isArray(value)) return value.map(printed)
  return typeof value === 'bigint' ? Number(value) : value
}

/** One of a few texts, spelt exactly. */
export function oneOf<const V extends string>(values: readonly V[], problem?: (found: string) => string): Schema<V> {
  const choice = values.filter((value) => value !== '').join(' or ')
  return scalar<V>(
    choice,
    ({ text }) => {
      if ((values as readonly string[]).includes(text)) return text as V
      throw new CodedError('bad_data', problem?.(text) ?? `found ${JSON.stringify(text)}, want ${choice}`)
    },
    String,
  )
}

export const url = once(() =>
  scalar(
    'a URL',
    ({ text }) => {
      if (!URL.canParse(text))
        throw new CodedError('bad_data', `found ${JSON.stringify(redactUrl(text))}, want a URL such as http://host:9090/path`)
      return text
    },
    (value) => {
      const shown = new URL(value)
      if (shown.password === '') return value
      shown.password = 'xxxxx'
      return shown.href
    },
  ),
)

/** A text that is meant for a URL, or for an address, printed without a password. */
export const urlText = once(() =>
  scalar(
    'a text',
    ({ text }) => text,
    (value) => redactUrl(value),
  ),
)

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof YamlScalar)
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value instanceof YamlScalar) return JSON.stringify(value.text.length > 60 ? `${value.text.slice(0, 60)}…` : value.text)
  return Array.isArray(value) ? 'a list' : 'a mapping'
}

type Place = readonly (string | number)[]

/** Calls back for every field that is given, marked unsupported, and asks for something. `field` is the path without list positions. */
export function visitUnsupported(schema: Schema, value: unknown, visit: (path: Place, field: string) => void): void {
  walkFields(schema, value, {
    unsupported(path, names, { neutral }, given) {
      if (!neutral.some((value) => JSON.stringify(value) === JSON.stringify(given))) visit(path, names.join('.'))
    },
    scalar() {},
  })
}

/** Calls back for every path of a file that is given, below fields that have an effect. */
export function visitPaths(schema: Schema, value: unknown, visit: (place: Place, file: string) => void): void {
  walkFields(schema, value, {
    unsupported() {},
    scalar(place, schema, given) {
      if (schema === path() && given !== '') visit(place, given as string)
    },
  })
}

interface FieldVisitor {
  /** `names` is the path without positions in lists and names in maps. */
  unsupported(path: Place, names: readonly string[], field: Field, given: unknown): void
  scalar(path: Place, schema: Schema, given: unknown): void
}

/** What is given of a value, in the schema's order. */
function walkFields(schema: Schema, value: unknown, visitor: FieldVisitor, path: Place = [], names: readonly string[] = []): void {
  if (value === undefined) return
  const { info } = schema
  switch (info.kind) {
    case 'scalar':
      visitor.scalar(path, schema, value)
      return
    case 'list':
      for (const [index, item] of (value as unknown[]).entries()) walkFields(info.item, item, visitor, [...path, index], names)
      return
    case 'map':
      for (const [key, item] of Object.entries(value as object)) walkFields(info.value, item, visitor, [...path, key], names)
      return
    default:
      for (const [key, field] of info.fields) {
        const given = (value as Record<string, unknown>)[key]
        if (given === undefined) continue
        const fieldNames = [...names, key]
        if (field.unsupported) visitor.unsupported([...path, key], fieldNames, field, given)
        else walkFields(field.schema, given, visitor, [...path, key], fieldNames)
      }
  }
}

/** The value as plain data in the schema's order, mappings in that of their names: defaults filled in, paths completed, secrets hidden. */
export function printable(schema: Schema, value: unknown, resolve: Resolve = (path) => path): unknown {
  const { info } = schema
  if (info.kind === 'scalar') return info.print(value, resolve)
  if (info.kind === 'list') return (value as unknown[]).map((item) => printable(info.item, item, resolve))
  if (info.kind === 'map') {
    const entries = Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : 1))
    return Object.fromEntries(entries.map(([key, item]) => [key, printable(info.value, item, resolve)]))
  }
  const out: Record<string, unknown> = {}
  const shown = info.shown(value as Record<string, unknown>)
  for (const [key, field] of info.fields) {
    const given = shown[key]
    if (given !== undefined) out[key] = printable(field.schema, given, resolve)
    else if (info.printed[key] !== undefined) out[key] = info.printed[key]
  }
  return out
}
