// The engine may set the quiet bit of a NaN whenever a number is boxed or put into an ordinary array, so:
// 1. A value is the staleness marker when its payload is 2 and its sign is clear, with or without the quiet bit.
// 2. Whoever writes bytes for others (disk, wire) writes `STALE_HIGH` and `STALE_LOW`, never the bits it happened to get.
// 3. A column of values that may hold the marker is a Float64Array. An ordinary array or tuple of numbers may lose the payload
//    altogether while its code is being optimised: seen once in 320,000 `[t, v]` pairs.
// Source: Prometheus model/value/value.go, StaleNaN (0x7ff0000000000002) and NormalNaN (0x7ff8000000000001).

/** The two 32-bit halves of the marker as Prometheus writes it. */
export const STALE_HIGH = 0x7ff00000
export const STALE_LOW = 2

const QUIET_BIT = 0x00080000

const scratch = new DataView(new ArrayBuffer(8))
scratch.setUint32(0, STALE_HIGH | QUIET_BIT)
scratch.setUint32(4, STALE_LOW)

/** The NaN that marks a series as gone. */
export const STALE_MARKER: number = scratch.getFloat64(0)

const probe = new Float64Array(1)
const probeWords = new Uint32Array(probe.buffer)

/** True for the staleness marker only, not for another NaN. */
export function isStaleMarker(value: number): boolean {
  // biome-ignore lint/suspicious/noSelfCompare: the cheapest test for NaN, and this runs once a sample.
  if (value === value) return false
  probe[0] = value
  return isStaleBits(probeWords[1], probeWords[0])
}

/** The same on the two halves of a float64's bits. */
export function isStaleBits(high: number, low: number): boolean {
  return low === STALE_LOW && (high & ~QUIET_BIT) === STALE_HIGH
}
