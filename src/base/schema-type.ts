// What a schema is, and how it reads: without a library, whose types of a few thousand fields would take 4 MB and a part of every start.

/** What a field or item is, for whoever walks a schema. */
export type SchemaInfo =
  | {
      readonly kind: 'section'
      readonly name: string
      readonly fields: ReadonlyMap<string, Field>
      readonly printed: Readonly<Record<string, unknown>>
      shown(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>
    }
  | { readonly kind: 'list'; readonly item: Schema; readonly flow: boolean }
  | { readonly kind: 'map'; readonly value: Schema }
  | { readonly kind: 'scalar'; readonly type: string; print(value: unknown, resolve: Resolve): string | number | boolean }

export interface Field {
  readonly schema: Schema
  /** Known upstream, without effect here. */
  readonly unsupported: boolean
  /** Values with which nothing is ignored, since they ask for what happens anyway. */
  readonly neutral: readonly unknown[]
}

/** Makes a path complete. */
export type Resolve = (path: string) => string

export interface SchemaProblem {
  readonly path: readonly (string | number)[]
  /** Whether the field's name is the place, rather than its value. */
  readonly atField: boolean
  readonly message: string
}

/** What a schema makes of an input, or all that is wrong with it, in the schema's order. */
export type ReadValue<T> =
  | { readonly success: true; readonly data: T; readonly problems?: undefined }
  | { readonly success: false; readonly problems: readonly SchemaProblem[]; readonly data?: undefined }

/** The type of a schema's values. */
export type Output<S> = S extends Schema<infer T> ? T : never

/** Where a read is, and what it has found wrong so far. */
export class Reading {
  readonly problems: SchemaProblem[] = []
  readonly #place: (string | number)[] = []

  /** `below`: from where the read is. */
  report(message: string, below: readonly (string | number)[] = [], atField = false): void {
    this.problems.push({ path: [...this.#place, ...below], atField, message })
  }

  /** Reads what stands under `key`. */
  below<T>(key: string | number, schema: Schema<T>, input: unknown): T | undefined {
    this.#place.push(key)
    const value = schema.take(input, this)
    this.#place.pop()
    return value
  }
}

/** `input` is never undefined where a field is read, nor is it in a map. Undefined stands for a problem that was reported. */
export type Take<T> = (input: unknown, reading: Reading) => T | undefined

/** A type of values in configuration files. */
export class Schema<T = unknown> {
  readonly take: Take<T>
  /** Of a field that is checked and then ignored: the values with which nothing is. */
  readonly neutral: readonly unknown[] | undefined
  readonly #info: SchemaInfo | (() => SchemaInfo)

  constructor(take: Take<T>, info: SchemaInfo | (() => SchemaInfo), neutral?: readonly unknown[]) {
    this.take = take
    this.#info = info
    this.neutral = neutral
  }

  get info(): SchemaInfo {
    return typeof this.#info === 'function' ? this.#info() : this.#info
  }

  read(input: unknown): ReadValue<T> {
    const reading = new Reading()
    const data = this.take(input, reading)
    return reading.problems.length === 0 ? { success: true, data: data as T } : { success: false, problems: reading.problems }
  }
}
