/** Below so many values between two bounds they are sorted by insertion. */
const FEW = 16

/**
 * Moves values so that at `rank` is what a sort would put there, with nothing greater before it and nothing less behind it. There is no NaN among
 * them; 0 and -0 are the same. False where that would take longer than sorting them: values can be laid out so. Hot: a few ns a value.
 * Source: C. A. R. Hoare, Algorithm 65: Find; median of three by R. Sedgewick.
 */
export function selectRank(values: Float64Array, rank: number): boolean {
  let low = 0
  let high = values.length - 1
  let turnsLeft = 4 * (32 - Math.clz32(values.length))
  while (high - low >= FEW) {
    if (turnsLeft-- === 0) return false
    const a = values[low]
    const b = values[(low + high) >>> 1]
    const c = values[high]
    const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))
    let left = low
    let right = high
    while (left <= right) {
      while (values[left] < pivot) left++
      while (values[right] > pivot) right--
      if (left > right) break
      const swapped = values[left]
      values[left++] = values[right]
      values[right--] = swapped
    }
    if (rank <= right) high = right
    else if (rank >= left) low = left
    else return true
  }
  for (let i = low + 1; i <= high; i++) {
    const value = values[i]
    let at = i
    for (; at > low && values[at - 1] > value; at--) values[at] = values[at - 1]
    values[at] = value
  }
  return true
}
