/** Bytes or JSON that are no request. */
export class RequestFault extends Error {}

/** A part of a request for which there are no series; the rest of it is none the worse. */
export class Untranslatable extends Error {}

/** Messages in one request: points, attributes, exemplars, and what they lie in. An empty one has two bytes, and an object here. */
const MESSAGES_MAX = 2 ** 21

/** How deep values of attributes nest. */
export const VALUE_DEPTH_MAX = 100

/** Counts the messages of a request. */
export class MessageCount {
  #count = 0

  add(): void {
    if (++this.#count > MESSAGES_MAX) throw new RequestFault(`request has more than ${MESSAGES_MAX} messages`)
  }
}

/** Whole milliseconds of nanoseconds in two halves of 32 bits, exactly; towards zero, as upstream. */
export function millisecondsOf(high: number, low: number): number {
  if (high >= 2 ** 31) return Number(BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low)) / 1_000_000n)
  // 2^32 is 4,294 million and 967,296: neither part leaves the integers that a float holds.
  return high * 4294 + Math.floor((high * 967_296 + low) / 1_000_000)
}
