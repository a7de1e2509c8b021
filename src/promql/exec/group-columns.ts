import type { ColumnMemory } from './columns.ts'

// Columns of all groups of an aggregation, one behind the other: step `k` of a group is at `group * stepCount + k`. There may be as many
// groups as there are series, and a column for each of them would cost more than what is in it.

/** Makes room for `groupCount` groups in a column of floats that has room for fewer. */
export function growFloats(memory: ColumnMemory, column: Float64Array, groupCount: number, stepCount: number): Float64Array {
  const grown = memory.floats(roomFor(column.length, groupCount * stepCount))
  grown.set(column)
  memory.giveBack(column.byteLength)
  return grown
}

/** The same for a column of flags. */
export function growFlags(memory: ColumnMemory, column: Uint8Array, groupCount: number, stepCount: number): Uint8Array {
  const grown = memory.flags(roomFor(column.length, groupCount * stepCount))
  grown.set(column)
  memory.giveBack(column.byteLength)
  return grown
}

/** The same for a column of counts. */
export function growCounts(memory: ColumnMemory, column: Int32Array, groupCount: number, stepCount: number): Int32Array {
  const grown = memory.indexes(roomFor(column.length, groupCount * stepCount))
  grown.set(column)
  memory.giveBack(column.byteLength)
  return grown
}

function roomFor(length: number, wanted: number): number {
  return Math.max(wanted, length + (length >>> 1))
}

export const NO_FLOATS = new Float64Array(0)
export const NO_FLAGS = new Uint8Array(0)
export const NO_COUNTS = new Int32Array(0)
