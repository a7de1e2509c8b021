import fc from 'fast-check'
import { SIGNATURES, type Signature } from '../../src/promql/functions/signatures.ts'
import type { ValueType } from '../../src/promql/parser/ast.ts'
import { QUERY_FEATURES } from '../../src/promql/parser/features.ts'

export interface GeneratorOptions {
  /** Metric names that selectors pick from. */
  readonly metrics?: readonly string[]
  /** Label names and the values that matchers pick from. */
  readonly labels?: Readonly<Record<string, readonly string[]>>
  /** How deep operators and calls nest. Default 4. */
  readonly depthMax?: number
  /** Functions to use. Default: all stable ones, and with `experimental` all. */
  readonly functions?: readonly string[]
  /** Also what upstream has behind flags. Default: false. */
  readonly experimental?: boolean
}

/** The flags that `experimental` needs. */
export const EXPERIMENTAL_FEATURES = QUERY_FEATURES

/** Arbitrary expressions by type, as text. Each parses and type-checks; what they give is another matter. */
export interface ExpressionArbitraries {
  readonly scalar: fc.Arbitrary<string>
  readonly vector: fc.Arbitrary<string>
  readonly matrix: fc.Arbitrary<string>
  /** Any of the three, or a string. */
  readonly any: fc.Arbitrary<string>
}

const DURATIONS = ['1s', '30s', '1m', '5m', '1m30s', '1h', '2h5m', '1d', '1w', '90', '0.5', '1500ms']
const ARITHMETIC = ['+', '-', '*', '/', '%', '^', 'atan2']
const COMPARISONS = ['==', '!=', '<', '>', '<=', '>=']
const SET_OPERATORS = ['and', 'or', 'unless']
const PLAIN_AGGREGATORS = ['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar']
const PARAMETER_AGGREGATORS = ['topk', 'bottomk', 'quantile']
const EXPERIMENTAL_AGGREGATORS = ['limitk', 'limit_ratio']
const TRIM_OPERATORS = ['</', '>/']
const DURATION_EXPRESSIONS = [
  'step()',
  'range()',
  '1m + 30s',
  '(2m - 5s) * 2',
  'max_of(step(), 1m)',
  'min_of(range(), 5m)',
  'step() / 2 + 1',
  '-step() + 10m',
  '90 % 60',
  '2 ^ 6',
  'range() - 1h',
]
/** Functions that take samples beyond their range, and what the modifier for it is. */
const EXTENDED_FUNCTIONS: Readonly<Record<string, readonly string[]>> = {
  anchored: ['changes', 'delta', 'increase', 'rate', 'resets'],
  smoothed: ['delta', 'increase', 'rate'],
}

/** Random expressions over given metrics and labels. */
export function expressions(options: GeneratorOptions = {}): ExpressionArbitraries {
  const metrics = options.metrics ?? ['a', 'b_total', 'c:rule', 'sum', 'offset', 'by', 'start', 'inf_total']
  const labels = options.labels ?? { job: ['x', 'y'], le: ['0.1', '+Inf'], group: ['g"1"', 'é\n'], 'a.b': ['1', ''] }
  const depthMax = options.depthMax ?? 4
  const all = options.experimental ?? false
  const functions = [...SIGNATURES.values()].filter(
    ({ name, experimental }) => (all || !experimental) && (options.functions === undefined || options.functions.includes(name)),
  )
  /** `more` beside `some` where what is behind flags is wanted; `some` alone gives the same queries as ever. */
  const withExperimental = (some: fc.Arbitrary<string>, more: fc.Arbitrary<string>) =>
    all ? fc.oneof({ weight: 4, arbitrary: some }, { weight: 1, arbitrary: more }) : some
  const quoted = (name: string) => (/^[a-zA-Z_]\w*$/.test(name) ? name : JSON.stringify(name))
  const labelNames = Object.keys(labels)
  const labelName = fc.constantFrom(...labelNames.map(quoted))
  const labelList = fc.uniqueArray(labelName, { maxLength: 3 }).map((names) => `(${names.join(', ')})`)
  const plainDuration = fc.constantFrom(...DURATIONS)
  // A colon may follow once a number was there.
  const subqueryRange = withExperimental(plainDuration, fc.constantFrom('1m + 30s', '(2m - 5s) * 2', 'max_of(step(), 90)', '2 ^ 6'))
  const duration = withExperimental(plainDuration, fc.constantFrom(...DURATION_EXPRESSIONS))

  const matcher = fc
    .constantFrom(...labelNames)
    .chain((name) =>
      fc
        .tuple(fc.constantFrom('=', '!=', '=~', '!~'), fc.constantFrom(...labels[name]))
        .map(
          ([operator, value]) => `${quoted(name)}${operator}${JSON.stringify(operator.endsWith('~') ? `${escapeRegex(value)}|.+` : value)}`,
        ),
    )
  const selector = fc
    .tuple(fc.constantFrom(...metrics), fc.array(matcher, { maxLength: 2 }), fc.boolean())
    .map(([name, matchers, inside]) => {
      if (inside) return `{${[JSON.stringify(name), ...matchers].join(', ')}}`
      return matchers.length === 0 ? name : `${name}{${matchers.join(',')}}`
    })
  const offset = withExperimental(
    fc.tuple(fc.constantFrom('', '-'), plainDuration).map(([sign, length]) => ` offset ${sign}${length}`),
    fc.tuple(fc.constantFrom('', '-'), fc.constantFrom(...DURATION_EXPRESSIONS)).map(([sign, length]) => ` offset ${sign}(${length})`),
  )
  const at = fc.constantFrom(' @ 1234.5', ' @ -3', ' @ start()', ' @ end()', ' @ 1_600_000_000')
  const modifiers = fc.oneof(
    { weight: 6, arbitrary: fc.constant('') },
    { weight: 2, arbitrary: offset },
    { weight: 2, arbitrary: at },
    { weight: 1, arbitrary: fc.tuple(at, offset).map((parts) => parts.join('')) },
    { weight: 1, arbitrary: fc.tuple(offset, at).map((parts) => parts.join('')) },
  )
  const number = fc.oneof(
    fc.constantFrom('0', '1', '-1', '0.5', '1e3', '0x1F', '1_000', '1.', '.5', 'Inf', '-inf', 'NaN', '5m', '1h30m', '010'),
    fc.integer({ min: -1000, max: 1000 }).map(String),
  )
  const string = fc.constantFrom('"text"', "'$1-$2'", '`raw\\n`', '"é\\t\\x41"', '""', '"job"')

  const { scalar, vector, matrix } = fc.letrec<{ scalar: string; vector: string; matrix: string }>((tie) => {
    const operand = { scalar: tie('scalar'), vector: tie('vector'), matrix: tie('matrix'), string }
    const argument = (type: ValueType) => operand[type as keyof typeof operand]
    const callsOf = (type: ValueType) => functions.filter(({ returns }) => returns === type).map((signature) => callOf(signature))
    const callOf = (signature: Signature) => {
      if (signature.name === 'info') return infoCall(tie('vector'))
      if (signature.name === 'histogram_quantiles') return quantilesCall(tie('vector'), tie('scalar'))
      return call(signature, argument)
    }
    const oneof = (leaf: fc.Arbitrary<string>, ...nested: fc.Arbitrary<string>[]) =>
      fc.oneof(
        { maxDepth: depthMax, depthIdentifier: 'expression', withCrossShrink: true },
        leaf,
        ...nested.filter((arbitrary) => arbitrary !== undefined),
      )
    const parens = (arbitrary: fc.Arbitrary<string>) => arbitrary.map((text) => `(${text})`)
    const unary = (arbitrary: fc.Arbitrary<string>) =>
      fc.tuple(fc.constantFrom('-', '+'), arbitrary).map(([sign, text]) => `${sign}(${text})`)
    const grouping = fc.tuple(fc.constantFrom('by', 'without', 'BY'), labelList).map((parts) => parts.join(' '))
    const matching = fc.tuple(fc.constantFrom('on', 'ignoring'), labelList).map((parts) => parts.join(''))
    const smoothed = all ? [fc.tuple(selector, modifiers).map(([series, modifier]) => `${series}${modifier} smoothed`)] : []
    const extended = all
      ? [
          fc
            .constantFrom('anchored', 'smoothed')
            .chain((word) => fc.tuple(fc.constantFrom(...EXTENDED_FUNCTIONS[word]), selector, duration, modifiers, fc.constant(word)))
            .map(([func, series, range, modifier, word]) => `${func}(${series}[${range}]${modifier} ${word})`),
        ]
      : []
    const fill = all
      ? fc.oneof(
          { weight: 3, arbitrary: fc.constant('') },
          { weight: 1, arbitrary: fc.constantFrom(' fill(0)', ' fill_left(-1)', ' fill_right(NaN)', ' fill_left(2) fill_right(3)') },
        )
      : fc.constant('')
    const trims = all
      ? [
          fc
            .tuple(tie('vector'), fc.constantFrom(...TRIM_OPERATORS), fc.oneof(tie('scalar'), tie('vector')))
            .map(([left, operator, right]) => `(${left}) ${operator} (${right})`),
        ]
      : []
    const parameterAggregators = all ? [...PARAMETER_AGGREGATORS, ...EXPERIMENTAL_AGGREGATORS] : PARAMETER_AGGREGATORS
    const scalarOperator = fc.constantFrom(...ARITHMETIC, ...COMPARISONS.map((operator) => `${operator} bool`))
    const vectorOperator = fc.constantFrom(...ARITHMETIC, ...COMPARISONS, ...COMPARISONS.map((operator) => `${operator} bool`))
    const calls = (type: ValueType) => (callsOf(type).length === 0 ? [] : [fc.oneof(...callsOf(type))])
    return {
      scalar: oneof(
        number,
        ...calls('scalar'),
        parens(tie('scalar')),
        unary(tie('scalar')),
        fc.tuple(tie('scalar'), scalarOperator, tie('scalar')).map(([left, operator, right]) => `(${left}) ${operator} (${right})`),
      ),
      vector: oneof(
        fc.tuple(selector, modifiers).map((parts) => parts.join('')),
        ...calls('vector'),
        ...smoothed,
        ...extended,
        ...trims,
        parens(tie('vector')),
        unary(tie('vector')),
        fc
          .tuple(tie('vector'), vectorOperator, fc.oneof(tie('scalar'), tie('vector')))
          .map(([left, operator, right]) => `(${left}) ${operator} (${right})`),
        fc
          .tuple(tie('scalar'), vectorOperator, tie('vector'))
          .map(([left, operator, right]) => `(${left})${/^\w/.test(operator) ? ' ' : ''}${operator} (${right})`),
        fc
          .tuple(tie('vector'), fc.constantFrom(...SET_OPERATORS), fc.oneof(fc.constant(''), matching), tie('vector'))
          .map(([left, operator, modifier, right]) => `(${left}) ${operator} ${modifier} (${right})`),
        fc
          .tuple(tie('vector'), vectorOperator, fc.constantFrom('', 'group_left', 'group_right (other)'), matching, tie('vector'), fill)
          .map(
            ([left, operator, group, modifier, right, filled]) =>
              `(${left}) ${operator} ${modifier} ${group === 'group_left' ? 'group_left ()' : group}${filled} (${right})`,
          ),
        fc
          .tuple(fc.constantFrom(...PLAIN_AGGREGATORS), tie('vector'), fc.oneof(fc.constant(''), grouping), fc.boolean())
          .map(([name, arg, group, before]) => (before ? `${name} ${group} (${arg})` : `${name}(${arg}) ${group}`)),
        fc
          .tuple(fc.constantFrom(...parameterAggregators), tie('scalar'), tie('vector'), fc.oneof(fc.constant(''), grouping))
          .map(([name, parameter, arg, group]) => `${name}(${parameter}, ${arg}) ${group}`),
        fc.tuple(tie('vector'), grouping).map(([arg, group]) => `count_values ${group} ("value", ${arg})`),
      ),
      matrix: oneof(
        fc.tuple(selector, duration, modifiers).map(([series, range, modifier]) => `${series}[${range}]${modifier}`),
        fc
          .tuple(tie('vector'), subqueryRange, fc.oneof(fc.constant(''), duration), modifiers)
          .map(([arg, range, step, modifier]) => `(${arg})[${range}:${step}]${modifier}`),
      ),
    }
  })
  return { scalar, vector, matrix, any: fc.oneof(scalar, vector, matrix, string) }
}

/** A call with as many arguments as the signature allows. */
function call({ name, argTypes, variadic }: Signature, argument: (type: ValueType) => fc.Arbitrary<string>): fc.Arbitrary<string> {
  const least = variadic === 0 ? argTypes.length : argTypes.length - 1
  const most = variadic < 0 ? argTypes.length + 2 : least + Math.max(variadic, 0)
  return fc
    .integer({ min: least, max: Math.max(least, most) })
    .chain((count) => fc.tuple(...Array.from({ length: count }, (_, i) => argument(argTypes[Math.min(i, argTypes.length - 1)]))))
    .map((args) => `${name}(${args.join(', ')})`)
}

/** The second argument of `info` is no vector but the matchers of info series. */
function infoCall(vector: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const matchers = ['', ', {data="x"}', ', {data=~".+"}', ', {__name__="build_info"}', ', {__name__=~".+_info", data!="x"}']
  return fc.tuple(vector, fc.constantFrom(...matchers)).map(([arg, of]) => `info(${arg}${of})`)
}

function quantilesCall(vector: fc.Arbitrary<string>, scalar: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(vector, fc.constantFrom('"quantile"', '"job"', '"le"'), fc.array(scalar, { minLength: 1, maxLength: 3 }))
    .map(([arg, label, quantiles]) => `histogram_quantiles(${[arg, label, ...quantiles].join(', ')})`)
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
