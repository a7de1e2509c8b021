import { formatGeneral } from '../model/go-float.ts'

// The values that templates work on, with the kinds that Go's have, since templates see them: `eq 1 1.0` is an error,
// `printf "%d"` of a float64 prints %!d(float64=1).
//
// 1. bigint is Go's int, number is Go's float64: the two never compare and never mix.
// 2. null is nil. undefined is what has no value at all: the missing key of a map of anything.
// 3. An object says its Go type by `typeName`, since error messages and %T show it.

export type Value = null | undefined | boolean | bigint | number | string | GoObject

/** What is not a plain value: lists, maps, structs, times. */
export abstract class GoObject {
  abstract readonly typeName: string
  /** Go's truth: a list or map with something in it, any struct. */
  abstract isTrue(): boolean
  /** Its text, each value in it written by `each`; with `plus` the names of fields, too. */
  abstract format(each: (value: Value) => string, plus: boolean): string
  /** The value as %v prints it (with a plus as %+v). */
  print(plus: boolean): string {
    return this.format((value) => printValue(value, plus), plus)
  }
  /** A method by its name. */
  method(_name: string): Callable | undefined {
    return undefined
  }
  /** What a look at it costs, beside a step: a method, a function, or what writes it may go through all that is in it. */
  get readSteps(): number {
    return 0
  }
}

export class GoList extends GoObject {
  readonly items: readonly Value[]
  readonly typeName: string

  constructor(items: readonly Value[], typeName = '[]interface {}') {
    super()
    this.items = items
    this.typeName = typeName
  }

  override get readSteps(): number {
    return this.items.length >> 4
  }

  isTrue(): boolean {
    return this.items.length > 0
  }

  format(each: (value: Value) => string): string {
    return `[${this.items.map(each).join(' ')}]`
  }
}

export class GoMap extends GoObject {
  readonly entries: ReadonlyMap<string, Value>
  readonly typeName: string
  /** What a missing key gives: the zero value of the element type, undefined for a map of anything. */
  readonly zero: Value

  constructor(entries: ReadonlyMap<string, Value>, { typeName, zero }: { typeName: string; zero: Value }) {
    super()
    this.entries = entries
    this.typeName = typeName
    this.zero = zero
  }

  override get readSteps(): number {
    return this.entries.size >> 1
  }

  isTrue(): boolean {
    return this.entries.size > 0
  }

  sortedKeys(): string[] {
    return [...this.entries.keys()].sort(compareBytes)
  }

  format(each: (value: Value) => string): string {
    const pairs = this.sortedKeys().map((key) => `${each(key)}:${each(this.entries.get(key))}`)
    return `map[${pairs.join(' ')}]`
  }
}

/** A struct: named fields in their order. */
export class GoStruct extends GoObject {
  readonly fields: ReadonlyMap<string, Value>
  readonly typeName: string

  constructor(typeName: string, fields: Readonly<Record<string, Value>>) {
    super()
    this.typeName = typeName
    this.fields = new Map(Object.entries(fields))
  }

  isTrue(): boolean {
    return true
  }

  format(each: (value: Value) => string, plus: boolean): string {
    return `{${[...this.fields].map(([name, value]) => `${plus ? `${name}:` : ''}${each(value)}`).join(' ')}}`
  }
}

/** A text that says what it is, so that nothing escapes it there. */
export class GoSafeText extends GoObject {
  readonly text: string
  readonly typeName: 'template.HTML' | 'template.URL'

  constructor(typeName: 'template.HTML' | 'template.URL', text: string) {
    super()
    this.typeName = typeName
    this.text = text
  }

  isTrue(): boolean {
    return this.text !== ''
  }

  format(): string {
    return this.text
  }
}

/** A map of texts, as labels are. */
export function stringMap(pairs: Iterable<readonly [string, string]>, typeName = 'map[string]string'): GoMap {
  return new GoMap(new Map(pairs), { typeName, zero: '' })
}

/** What a parameter of a function takes. */
export type Kind = 'any' | 'string' | 'int' | 'float' | 'bool' | 'strings' | 'list' | { readonly type: string }

/** What an action can call: a function of the template's table, or a method of an object. */
export interface Callable {
  readonly params: readonly Kind[]
  /** What every further argument must be; absent: there are none. */
  readonly rest?: Kind
  /** Arguments fit `params`. Throws an Error whose message says what is wrong with them. */
  readonly call: (args: readonly Value[]) => Value
}

export type FunctionTable = ReadonlyMap<string, Callable>

export function typeNameOf(value: Value): string {
  switch (typeof value) {
    case 'bigint':
      return 'int'
    case 'number':
      return 'float64'
    case 'boolean':
      return 'bool'
    case 'string':
      return 'string'
    default:
      return value === null || value === undefined ? '<nil>' : value.typeName
  }
}

export function isTrue(value: Value): boolean {
  return value instanceof GoObject ? value.isTrue() : Boolean(value)
}

/** A value inside another, as %v prints it. */
export function printValue(value: Value, plus: boolean): string {
  if (value === null || value === undefined) return '<nil>'
  if (typeof value === 'number') return formatGeneral(value)
  return value instanceof GoObject ? value.print(plus) : String(value)
}

/** Go's order of strings: by their bytes. */
export function compareBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}
