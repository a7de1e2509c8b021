import type { Labels } from './labels.ts'

const BYTES_PER_SET = 64
/** Two places in the array, and the object of the value; names are shared by all. */
const BYTES_PER_LABEL = 40

/** What a label set takes in memory, at most about: whether its values are its own or shared cannot be seen. */
export function labelsBytes({ pairs }: Labels): number {
  let bytes = BYTES_PER_SET
  for (let i = 1; i < pairs.length; i += 2) bytes += BYTES_PER_LABEL + pairs[i].length
  return bytes
}
