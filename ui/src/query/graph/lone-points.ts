/** Steps in first..last with a value but without a neighbour to be joined with: a line does not show them. */
export function lonePoints(values: ArrayLike<number | null | undefined>, first: number, last: number): number[] {
  const lone: number[] = []
  for (let step = first; step <= last; step++) {
    if (values[step] != null && values[step - 1] == null && values[step + 1] == null) lone.push(step)
  }
  return lone
}
