import type { Random } from '../env.ts'

/** Numbers that follow from a seed. Source of the step: Tommy Ettinger's Mulberry32. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next32 = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  return {
    next: () => (next32() * 0x200000 + (next32() >>> 11)) / 2 ** 53,
    bytes(count) {
      const out = new Uint8Array(count)
      for (let i = 0; i < count; i++) out[i] = next32() >>> 24
      return out
    },
  }
}
