import { randomFillSync } from 'node:crypto'
import type { Random } from '../env.ts'

export const realRandom: Random = {
  next: () => Math.random(),
  bytes: (count) => randomFillSync(new Uint8Array(count)),
}
