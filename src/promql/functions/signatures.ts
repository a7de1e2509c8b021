import type { ValueType } from '../parser/ast.ts'

/** What the type check knows of a function. */
export interface Signature {
  readonly name: string
  readonly argTypes: readonly ValueType[]
  /** 0: exactly the arguments listed. n: the last may be left out or given up to n times. -1: any number of times. */
  readonly variadic: number
  readonly returns: ValueType
  /** Behind `--enable-feature=promql-experimental-functions`. */
  readonly experimental: boolean
}

// Source: Prometheus docs/querying/functions.md and promql/parser/functions.go (names, types, variadic).
const STABLE: readonly (readonly [signature: string, variadic?: number])[] = [
  ['abs(vector) vector'],
  ['absent(vector) vector'],
  ['absent_over_time(matrix) vector'],
  ['acos(vector) vector'],
  ['acosh(vector) vector'],
  ['asin(vector) vector'],
  ['asinh(vector) vector'],
  ['atan(vector) vector'],
  ['atanh(vector) vector'],
  ['avg_over_time(matrix) vector'],
  ['ceil(vector) vector'],
  ['changes(matrix) vector'],
  ['clamp(vector, scalar, scalar) vector'],
  ['clamp_max(vector, scalar) vector'],
  ['clamp_min(vector, scalar) vector'],
  ['cos(vector) vector'],
  ['cosh(vector) vector'],
  ['count_over_time(matrix) vector'],
  ['day_of_month(vector) vector', 1],
  ['day_of_week(vector) vector', 1],
  ['day_of_year(vector) vector', 1],
  ['days_in_month(vector) vector', 1],
  ['deg(vector) vector'],
  ['delta(matrix) vector'],
  ['deriv(matrix) vector'],
  ['exp(vector) vector'],
  ['first_over_time(matrix) vector'],
  ['floor(vector) vector'],
  ['histogram_avg(vector) vector'],
  ['histogram_count(vector) vector'],
  ['histogram_fraction(scalar, scalar, vector) vector'],
  ['histogram_quantile(scalar, vector) vector'],
  ['histogram_stddev(vector) vector'],
  ['histogram_stdvar(vector) vector'],
  ['histogram_sum(vector) vector'],
  ['hour(vector) vector', 1],
  ['idelta(matrix) vector'],
  ['increase(matrix) vector'],
  ['irate(matrix) vector'],
  ['label_join(vector, string, string, string) vector', -1],
  ['label_replace(vector, string, string, string, string) vector'],
  ['last_over_time(matrix) vector'],
  ['ln(vector) vector'],
  ['log10(vector) vector'],
  ['log2(vector) vector'],
  ['max_over_time(matrix) vector'],
  ['min_over_time(matrix) vector'],
  ['minute(vector) vector', 1],
  ['month(vector) vector', 1],
  ['pi() scalar'],
  ['predict_linear(matrix, scalar) vector'],
  ['present_over_time(matrix) vector'],
  ['quantile_over_time(scalar, matrix) vector'],
  ['rad(vector) vector'],
  ['rate(matrix) vector'],
  ['resets(matrix) vector'],
  ['round(vector, scalar) vector', 1],
  ['scalar(vector) scalar'],
  ['sgn(vector) vector'],
  ['sin(vector) vector'],
  ['sinh(vector) vector'],
  ['sort(vector) vector'],
  ['sort_desc(vector) vector'],
  ['sqrt(vector) vector'],
  ['stddev_over_time(matrix) vector'],
  ['stdvar_over_time(matrix) vector'],
  ['sum_over_time(matrix) vector'],
  ['tan(vector) vector'],
  ['tanh(vector) vector'],
  ['time() scalar'],
  ['timestamp(vector) vector'],
  ['vector(scalar) vector'],
  ['year(vector) vector', 1],
]

const EXPERIMENTAL: readonly (readonly [signature: string, variadic?: number])[] = [
  ['double_exponential_smoothing(matrix, scalar, scalar) vector'],
  ['end() scalar'],
  ['histogram_quantiles(vector, string, scalar, scalar) vector', 9],
  ['info(vector, vector) vector', 1],
  ['mad_over_time(matrix) vector'],
  ['max_of(scalar, scalar) scalar'],
  ['min_of(scalar, scalar) scalar'],
  ['range() scalar'],
  ['sort_by_label(vector, string) vector', -1],
  ['sort_by_label_desc(vector, string) vector', -1],
  ['start() scalar'],
  ['start_timestamp(vector) vector'],
  ['step() scalar'],
  ['ts_of_first_over_time(matrix) vector'],
  ['ts_of_last_over_time(matrix) vector'],
  ['ts_of_max_over_time(matrix) vector'],
  ['ts_of_min_over_time(matrix) vector'],
]

/** All functions by name, experimental ones included. */
export const SIGNATURES: ReadonlyMap<string, Signature> = new Map(
  [
    ...STABLE.map(([text, variadic]) => parseSignature(text, variadic ?? 0, false)),
    ...EXPERIMENTAL.map(([text, variadic]) => parseSignature(text, variadic ?? 0, true)),
  ].map((signature) => [signature.name, signature]),
)

function parseSignature(text: string, variadic: number, experimental: boolean): Signature {
  const [, name, args, returns] = /^(\w+)\((.*)\) (\w+)$/.exec(text)!
  return {
    name,
    argTypes: args === '' ? [] : (args.split(', ') as ValueType[]),
    variadic,
    returns: returns as ValueType,
    experimental,
  }
}
