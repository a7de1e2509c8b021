import type { ChunkWriter } from '../../base/chunk-writer.ts'
import { WASM_PAGE_BYTES, type WasmMemory, WasmProgram } from '../../base/wasm-instance.ts'
import { NUMBER_BYTES_MAX, writeTimestamp, writeValue } from './number-bytes.ts'
import { MEMORY_BYTES, PLACES, POINT_KERNEL, POINTS_MAX, powersTable, TENS_TABLE } from './point-kernel.ts'

/** The points of a series: as many of each column as there are. */
export interface PointColumns {
  readonly timestamps: Float64Array
  readonly values: Float64Array
  readonly length: number
}

/** Writes points as `[TIME,"VALUE"]`, with commas between them. */
export interface PointWriter {
  /** Writes points from `from` on, until a chunk is full; returns where to go on. Hot. */
  write(writer: ChunkWriter, columns: PointColumns, from: number): number
}

/** By compiled code, where that is to be had: a third of the time, from the first point on. */
export function pointWriter(): PointWriter {
  return (pointWriters ??= startCompiled() ?? new PlainPoints())
}

let pointWriters: PointWriter | undefined

interface Kernel {
  writePoints(from: number, to: number, at: number): number
}

const program = new WasmProgram<Kernel>(POINT_KERNEL)

function startCompiled(): PointWriter | undefined {
  const started = program.start(Math.ceil(MEMORY_BYTES / WASM_PAGE_BYTES))
  return started === undefined ? undefined : new CompiledPoints(started.memory, started.exports)
}

/** `[TIME,"VALUE"]`. Returns the position behind. */
export function writePoint(bytes: Uint8Array, position: number, t: number, v: number): number {
  bytes[position++] = 0x5b
  position = writeTimestamp(bytes, position, t)
  bytes[position++] = 0x2c
  bytes[position++] = 0x22
  position = writeValue(bytes, position, v)
  bytes[position++] = 0x22
  bytes[position++] = 0x5d
  return position
}

/** Room for a point and a comma before it. */
const ROOM_BYTES = 2 * NUMBER_BYTES_MAX + 7

/** A value that is the one before is not formatted again: many gauges stay as they are for a while, and formatting is most of what a point costs. */
export class PlainPoints implements PointWriter {
  write(writer: ChunkWriter, { timestamps, values, length }: PointColumns, from: number): number {
    let before = Number.NaN
    let beforeBytes: Uint8Array | undefined
    let beforeStart = 0
    let beforeEnd = 0
    let i = from
    do {
      writer.room(ROOM_BYTES)
      const { bytes } = writer
      let position = writer.length
      if (i > 0) bytes[position++] = 0x2c
      bytes[position++] = 0x5b
      position = writeTimestamp(bytes, position, timestamps[i])
      bytes[position++] = 0x2c
      bytes[position++] = 0x22
      const value = values[i]
      // 0 is equal to -0, which is another text.
      if (value === before && value !== 0 && bytes === beforeBytes) {
        for (let at = beforeStart; at < beforeEnd; at++) bytes[position++] = bytes[at]
      } else {
        beforeStart = position
        position = writeValue(bytes, position, value)
        beforeEnd = position
        before = value
        beforeBytes = bytes
      }
      bytes[position++] = 0x22
      bytes[position++] = 0x5d
      writer.length = position
      i++
    } while (i < length && !writer.hasFull)
    return i
  }
}

class CompiledPoints implements PointWriter {
  readonly #kernel: Kernel
  readonly #bytes: Uint8Array
  readonly #times: Float64Array
  readonly #values: Float64Array
  readonly #stopped: Int32Array

  constructor({ buffer }: WasmMemory, kernel: Kernel) {
    this.#kernel = kernel
    this.#bytes = new Uint8Array(buffer)
    this.#times = new Float64Array(buffer, PLACES.times, POINTS_MAX)
    this.#values = new Float64Array(buffer, PLACES.values, POINTS_MAX)
    this.#stopped = new Int32Array(buffer, PLACES.stopped, 1)
    new BigUint64Array(buffer, PLACES.tens, TENS_TABLE.length).set(TENS_TABLE)
    const powers = powersTable()
    new BigUint64Array(buffer, PLACES.powers, powers.length).set(powers)
  }

  write(writer: ChunkWriter, { timestamps, values, length }: PointColumns, from: number): number {
    let i = from
    do {
      const count = Math.min(POINTS_MAX, length - i)
      this.#times.set(timestamps.subarray(i, i + count))
      this.#values.set(values.subarray(i, i + count))
      for (let done = 0; done < count; ) {
        const end = this.#kernel.writePoints(done, count, PLACES.text)
        // The first point of all has no comma before it.
        const start = i + done === 0 && end > PLACES.text ? PLACES.text + 1 : PLACES.text
        writer.room(end - start + ROOM_BYTES)
        writer.bytes.set(this.#bytes.subarray(start, end), writer.length)
        writer.length += end - start
        done = this.#stopped[0]
        if (done === count) break
        if (i + done > 0) writer.bytes[writer.length++] = 0x2c
        writer.length = writePoint(writer.bytes, writer.length, timestamps[i + done], values[i + done])
        done++
      }
      i += count
    } while (i < length && !writer.hasFull)
    return i
  }
}
