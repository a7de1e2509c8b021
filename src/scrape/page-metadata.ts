// What a target's page says about its metrics: its `# TYPE`, `# HELP` and `# UNIT` lines as they stood, and nothing per metric.
//
// 1. They are compared with the last page's, in order; only where one differs are they copied anew.
// 2. Targets that say the same share one copy: a job of 10,000 targets keeps the texts of one.

import { hash } from 'node:crypto'
import { assert } from '../base/assert.ts'
import type { PageParser } from '../exposition/page-parser.ts'
import { METRIC_TYPES, type MetricType } from '../model/metadata.ts'
import type { MetricFamily } from './metric-family.ts'

/** The comment lines of a page. Does not change. */
export class PageMetadata {
  /** One after the other, each with its line break and what blank lines stood before it. */
  readonly bytes: Uint8Array
  /** Line i is bytes[offsets[i]..offsets[i+1]). */
  readonly offsets: Uint32Array
  /** What each line says to the parser, if it is a `# TYPE` line. */
  readonly types: readonly (MetricType | undefined)[]

  constructor(bytes: Uint8Array, offsets: Uint32Array, types: readonly (MetricType | undefined)[]) {
    this.bytes = bytes
    this.offsets = offsets
    this.types = types
  }

  /** The families in the order in which the page names them. Reads all lines: for questions of people, not for scrapes. */
  list(): readonly MetricFamily[] {
    const families = new Map<string, Mutable>()
    for (let line = 0; line < this.types.length; line++) {
      const said = readLine(this.bytes, this.offsets[line], this.offsets[line + 1])
      let family = families.get(said.name)
      if (family === undefined) families.set(said.name, (family = unknownFamily(said.name)))
      family[said.field] = said.text as never
    }
    return [...families.values()]
  }

  find(name: string): MetricFamily | undefined {
    return this.list().find((family) => family.name === name)
  }
}

export const NO_METADATA = new PageMetadata(new Uint8Array(0), new Uint32Array(1), [])

type Mutable = { -readonly [F in keyof MetricFamily]: MetricFamily[F] }

const unknownFamily = (name: string): Mutable => ({ name, type: 'unknown', help: '', unit: '' })

/** A line that the parser has accepted, blank lines before it left out. */
const LINE = /(?:^|\n)[ \t]*#[ \t]+(TYPE|HELP|UNIT)[ \t]+("(?:[^"\\]|\\.)*"|[^ \t\n]+)([^\n]*)\n?$/

/** What a line says of which metric. */
function readLine(bytes: Uint8Array, from: number, to: number) {
  const line = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8')
  const found = LINE.exec(line)
  assert(found !== null, 'comment lines that are kept are of the form that was accepted')
  const [, kind, written, text] = found
  const name = written.startsWith('"') ? unescaped(written.slice(1, -1)) : written
  switch (kind) {
    case 'TYPE':
      return { name, field: 'type', text: typeOf(text.trim()) } as const
    case 'UNIT':
      return { name, field: 'unit', text: text.trim() } as const
    default:
      // One blank ends the name, further ones belong to the text.
      return { name, field: 'help', text: unescaped(text.slice(1)) } as const
  }
}

/** What the last lines say, as far as they are about one metric. Reads few lines, however many there are. */
function lastFamily(bytes: Uint8Array, offsets: Uint32Array | readonly number[], lineCount: number): MetricFamily | undefined {
  let family: Mutable | undefined
  const said = new Set<string>()
  for (let line = lineCount - 1; line >= 0; line--) {
    const { name, field, text } = readLine(bytes, offsets[line], offsets[line + 1])
    family ??= unknownFamily(name)
    // What is said last counts.
    if (name !== family.name || said.has(field)) break
    said.add(field)
    family[field] = text as never
  }
  return family
}

/** Source: Prometheus model/textparse/promparse.go: `untyped` is a type not known. */
function typeOf(text: string): MetricType {
  return METRIC_TYPES.find((type) => type === text) ?? 'unknown'
}

function unescaped(text: string): string {
  return text.includes('\\') ? text.replace(/\\(["\\n])/g, (_, char: string) => (char === 'n' ? '\n' : char)) : text
}

/** Takes the comment lines of one page, one after the other. */
export class MetadataReader {
  readonly #last: PageMetadata
  /** Lines that are the same as last time. */
  #sameCount = 0
  #builder: MetadataBuilder | undefined
  #family: MetricFamily | undefined
  /** The lines that `#family` was read from. */
  #familyLineCount = 0

  constructor(last: PageMetadata) {
    this.#last = last
  }

  /** Moves the parser over the next line if it is the comment line that came next on the last page. */
  takeExpected(parser: PageParser): boolean {
    const line = this.#sameCount
    const { bytes, offsets, types } = this.#last
    if (this.#builder !== undefined || line === types.length) return false
    if (!parser.takeExpectedComment(bytes, offsets[line], offsets[line + 1], types[line])) return false
    this.#sameCount = line + 1
    return true
  }

  /** A line that was not expected, with its line break: `from` inclusive, `to` exclusive. */
  take(bytes: Uint8Array, from: number, to: number, type: MetricType | undefined): void {
    this.#builder ??= new MetadataBuilder(this.#last, this.#sameCount)
    this.#builder.add(bytes, from, to, type)
  }

  /** What came so far is not what stood there on the last page. */
  get hasChanged(): boolean {
    return this.#builder !== undefined
  }

  /** What the page has said so far about the metric that it spoke of last. undefined: nothing. Read once per metric and not per series. */
  family(): MetricFamily | undefined {
    const lines = this.#builder ?? this.#last
    const lineCount = this.#builder?.lineCount ?? this.#sameCount
    if (lineCount !== this.#familyLineCount) {
      this.#familyLineCount = lineCount
      this.#family = lastFamily(lines.bytes, lines.offsets, lineCount)
    }
    return this.#family
  }

  /** At the end of a page; the last one's when nothing is different. */
  result(pool: MetadataPool): PageMetadata {
    if (this.#builder === undefined && this.#sameCount === this.#last.types.length) return this.#last
    return pool.shared(this.#builder ?? new MetadataBuilder(this.#last, this.#sameCount))
  }
}

/** Lines of a page that is not like the last one. */
class MetadataBuilder {
  #bytes: Uint8Array
  readonly #offsets: number[]
  readonly #types: (MetricType | undefined)[]

  /** Begins with the first lines of a page. */
  constructor(last: PageMetadata, lineCount: number) {
    this.#offsets = [...last.offsets.subarray(0, lineCount + 1)]
    this.#types = last.types.slice(0, lineCount)
    this.#bytes = new Uint8Array(Math.max(4096, last.bytes.length))
    this.#bytes.set(last.bytes.subarray(0, last.offsets[lineCount]))
  }

  add(from: Uint8Array, start: number, end: number, type: MetricType | undefined): void {
    const at = this.#sizeBytes
    const sizeBytes = at + end - start
    if (sizeBytes > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(sizeBytes, this.#bytes.length * 2))
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.#bytes.set(from.subarray(start, end), at)
    this.#offsets.push(sizeBytes)
    this.#types.push(type)
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#sizeBytes)
  }

  get offsets(): readonly number[] {
    return this.#offsets
  }

  get lineCount(): number {
    return this.#types.length
  }

  build(): PageMetadata {
    return new PageMetadata(this.bytes.slice(), Uint32Array.from(this.#offsets), this.#types)
  }

  get #sizeBytes(): number {
    return this.#offsets[this.#offsets.length - 1]
  }
}

/** The metadata of all targets of a process, equal ones once. Holds nothing that no target has. */
export class MetadataPool {
  readonly #known = new Map<string, WeakRef<PageMetadata>>()
  readonly #gone = new FinalizationRegistry<string>((key) => {
    if (this.#known.get(key)?.deref() === undefined) this.#known.delete(key)
  })

  /** The metadata of these lines, made when no target has the like. */
  shared(lines: MetadataBuilder): PageMetadata {
    if (lines.bytes.length === 0) return NO_METADATA
    const key = hash('sha256', lines.bytes, 'base64')
    const known = this.#known.get(key)?.deref()
    if (known !== undefined) return known
    const page = lines.build()
    this.#known.set(key, new WeakRef(page))
    this.#gone.register(page, key)
    return page
  }
}
