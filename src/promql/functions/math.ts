/** A function of each value of an instant vector; `parameters` are its scalar arguments, a value a step each. */
export type MapKernel = (values: Float64Array, present: Uint8Array, parameters: readonly Float64Array[]) => void

function each(apply: (value: number) => number): MapKernel {
  return (values) => {
    for (let k = 0; k < values.length; k++) values[k] = apply(values[k])
  }
}

export const abs = each(Math.abs)
export const ceil = each(Math.ceil)
export const floor = each(Math.floor)
export const exp = each(Math.exp)
export const sqrt = each(Math.sqrt)
export const ln = each(Math.log)
export const log2 = each(Math.log2)
export const log10 = each(Math.log10)
export const sin = each(Math.sin)
export const cos = each(Math.cos)
export const tan = each(Math.tan)
export const asin = each(Math.asin)
export const acos = each(Math.acos)
export const atan = each(Math.atan)
export const sinh = each(Math.sinh)
export const cosh = each(Math.cosh)
export const tanh = each(Math.tanh)
export const asinh = each(Math.asinh)
export const acosh = each(Math.acosh)
export const atanh = each(Math.atanh)
export const rad = each((value) => (value * Math.PI) / 180)
export const deg = each((value) => (value * 180) / Math.PI)
export const sgn = each((value) => (value < 0 ? -1 : value > 0 ? 1 : value))

/** Ties go up. The inverse is what upstream multiplies by. */
export const round: MapKernel = (values, _present, parameters) => {
  const nearest = parameters[0]
  for (let k = 0; k < values.length; k++) {
    const inverse = nearest === undefined ? 1 : 1 / nearest[k]
    values[k] = Math.floor(values[k] * inverse + 0.5) / inverse
  }
}

/** Go's math.Max: an infinity beats NaN. */
export function greater(a: number, b: number): number {
  return a === Infinity || b === Infinity ? Infinity : Math.max(a, b)
}

/** Go's math.Min: an infinity beats NaN. */
export function smaller(a: number, b: number): number {
  return a === -Infinity || b === -Infinity ? -Infinity : Math.min(a, b)
}

/** Nothing is left at a step whose bounds are the wrong way round. */
export const clamp: MapKernel = (values, present, [low, high]) => {
  for (let k = 0; k < values.length; k++) {
    if (high[k] < low[k]) present[k] = 0
    else values[k] = greater(low[k], smaller(high[k], values[k]))
  }
}

export const clampMin: MapKernel = (values, _present, [low]) => {
  for (let k = 0; k < values.length; k++) values[k] = greater(low[k], values[k])
}

export const clampMax: MapKernel = (values, _present, [high]) => {
  for (let k = 0; k < values.length; k++) values[k] = greater(-Infinity, smaller(high[k], values[k]))
}
