// What a sender of remote write put on the wire, read apart from our own decoders, and with what those leave out: the order of labels, the
// symbols and how they are referred to.

export interface SentSample {
  readonly t: number
  readonly value: number
  /** Of the double, most significant first. */
  readonly bits: string
  /** 0: none. */
  readonly startTime: number
}

export interface SentExemplar {
  readonly labels: readonly (readonly [string, string])[]
  readonly value: number
  readonly t: number
}

export interface SentEntry {
  /** In the order in which they were sent. */
  readonly labels: readonly (readonly [string, string])[]
  readonly samples: readonly SentSample[]
  readonly exemplars: readonly SentExemplar[]
  /** Fields of each histogram, by their numbers. */
  readonly histograms: readonly (readonly Field[])[]
  /** 2.0. */
  readonly refs: readonly number[]
  readonly metadata: { readonly type: number; readonly help: string; readonly unit: string } | undefined
}

export interface SentMessage {
  readonly entries: readonly SentEntry[]
  /** 2.0. */
  readonly symbols: readonly string[]
  /** 1.0: names of metrics whose metadata is there. */
  readonly metadata: readonly string[]
}

export interface Field {
  readonly number: number
  /** Of a varint or of 64 bits as they are; 0 where there are bytes. */
  readonly bits: bigint
  readonly bytes: Buffer
}

/** The fields of a message, in order. Throws where it is none. */
export function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = []
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      if (at >= message.length || shift > 63n) throw new Error(`no number at ${at} of ${message.length}`)
      const byte = message[at++]
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
  }
  while (at < message.length) {
    const tag = Number(varint())
    const number = tag >>> 3
    if ((tag & 7) === 0) fields.push({ number, bits: varint(), bytes: Buffer.alloc(0) })
    else if ((tag & 7) === 1) {
      fields.push({ number, bits: message.readBigUInt64LE(at), bytes: message.subarray(at, at + 8) })
      at += 8
    } else if ((tag & 7) === 2) {
      const size = Number(varint())
      if (at + size > message.length) throw new Error(`field ${number} ends at ${at + size} of ${message.length}`)
      fields.push({ number, bits: 0n, bytes: message.subarray(at, at + size) })
      at += size
    } else throw new Error(`wire type ${tag & 7} of field ${number}`)
  }
  return fields
}

const all = (fields: readonly Field[], number: number) => fields.filter((field) => field.number === number)
const integer = (fields: readonly Field[], number: number) => Number(BigInt.asIntN(64, all(fields, number).at(-1)?.bits ?? 0n))
const double = (fields: readonly Field[], number: number) => all(fields, number).at(-1)?.bytes.readDoubleLE() ?? 0
const text = (fields: readonly Field[], number: number) => all(fields, number).at(-1)?.bytes.toString() ?? ''

function sampleOf({ bytes }: Field): SentSample {
  const fields = fieldsOf(bytes)
  const bits = (all(fields, 1).at(-1)?.bits ?? 0n).toString(16).padStart(16, '0')
  return { t: integer(fields, 2), value: double(fields, 1), bits, startTime: integer(fields, 3) }
}

/** The message of 1.0. */
export function sentV1(message: Buffer): SentMessage {
  const fields = fieldsOf(message)
  const pair = ({ bytes }: Field) => [text(fieldsOf(bytes), 1), text(fieldsOf(bytes), 2)] as const
  const entries = all(fields, 1).map(({ bytes }): SentEntry => {
    const series = fieldsOf(bytes)
    const exemplars = all(series, 3).map(({ bytes: own }): SentExemplar => {
      const exemplar = fieldsOf(own)
      return { labels: all(exemplar, 1).map(pair), value: double(exemplar, 2), t: integer(exemplar, 3) }
    })
    return {
      labels: all(series, 1).map(pair),
      samples: all(series, 2).map(sampleOf),
      exemplars,
      histograms: all(series, 4).map((histogram) => fieldsOf(histogram.bytes)),
      refs: [],
      metadata: undefined,
    }
  })
  return { entries, symbols: [], metadata: all(fields, 3).map(({ bytes }) => text(fieldsOf(bytes), 2)) }
}

/** The message of 2.0. */
export function sentV2(message: Buffer): SentMessage {
  const fields = fieldsOf(message)
  const symbols = all(fields, 4).map(({ bytes }) => bytes.toString())
  const symbol = (index: number) => {
    if (index >= symbols.length) throw new Error(`symbol ${index} of ${symbols.length}`)
    return symbols[index]
  }
  const pairs = (refs: readonly number[]) =>
    Array.from({ length: refs.length / 2 }, (_, i) => [symbol(refs[2 * i]), symbol(refs[2 * i + 1])] as const)
  const entries = all(fields, 5).map(({ bytes }): SentEntry => {
    const series = fieldsOf(bytes)
    const refs = packed(all(series, 1))
    const exemplars = all(series, 4).map(({ bytes: own }): SentExemplar => {
      const exemplar = fieldsOf(own)
      return { labels: pairs(packed(all(exemplar, 1))), value: double(exemplar, 2), t: integer(exemplar, 3) }
    })
    const said = all(series, 5).map((metadata) => fieldsOf(metadata.bytes))[0]
    return {
      labels: pairs(refs),
      samples: all(series, 2).map(sampleOf),
      exemplars,
      histograms: all(series, 3).map((histogram) => fieldsOf(histogram.bytes)),
      refs,
      metadata: said && { type: integer(said, 1), help: symbol(integer(said, 3)), unit: symbol(integer(said, 4)) },
    }
  })
  return { entries, symbols, metadata: [] }
}

function packed(fields: readonly Field[]): number[] {
  return fields.flatMap(({ bytes }) => {
    const numbers: number[] = []
    let value = 0
    let factor = 1
    for (const byte of bytes) {
      value += (byte & 127) * factor
      factor *= 128
      if (byte >= 128) continue
      numbers.push(value)
      value = 0
      factor = 1
    }
    return numbers
  })
}
