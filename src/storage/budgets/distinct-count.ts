const REGISTERS = 256
const INDEX_BITS = 8
/** Source: Flajolet et al., "HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm", 2007, figure 3. */
const ALPHA = 0.7213 / (1 + 1.079 / REGISTERS)

/** About how many different texts there were: 256 bytes, off by some 6 %. */
export class DistinctCount {
  readonly #registers = new Uint8Array(REGISTERS)
  /** Sum of 2^-register, so that an estimate costs nothing. */
  #sum = REGISTERS
  #zeros = REGISTERS

  add(text: string): void {
    const hash = hashText(text)
    const at = hash & (REGISTERS - 1)
    // Beyond the bits of the index: where the first 1 stands.
    const rank = Math.min(Math.clz32(hash >>> INDEX_BITS) - INDEX_BITS, 32 - INDEX_BITS) + 1
    const before = this.#registers[at]
    if (rank <= before) return
    this.#registers[at] = rank
    this.#sum += 2 ** -rank - 2 ** -before
    if (before === 0) this.#zeros--
  }

  estimate(): number {
    const raw = (ALPHA * REGISTERS * REGISTERS) / this.#sum
    // Few of them are counted by the registers that none has come to.
    const estimate = raw <= 2.5 * REGISTERS && this.#zeros > 0 ? REGISTERS * Math.log(REGISTERS / this.#zeros) : raw
    return Math.round(estimate)
  }
}

/** 32 bits, well mixed. Source of the mixing: MurmurHash3 by Austin Appleby (public domain), fmix32. */
function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
