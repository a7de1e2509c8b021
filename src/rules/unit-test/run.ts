import type { Clock } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { goDurationText } from '../../base/go-duration.ts'
import { quote } from '../../base/go-quote.ts'
import type { Output } from '../../base/schema-type.ts'
import { formatDuration } from '../../model/duration.ts'
import { formatExponent } from '../../model/go-float.ts'
import type { Histogram } from '../../model/histogram.ts'
import { compareLabels, Labels } from '../../model/labels.ts'
import type { Timestamp } from '../../model/time.ts'
import { parseSeriesDescription } from '../../promql/parser/series-description.ts'
import { almostEqualHistograms, describeHistogram } from '../../promql/test-script/compare-histograms.ts'
import type { Appendable } from '../../storage/appender.ts'
import { AlertingRule } from '../alerting-rule.ts'
import { RecordingRule } from '../recording-rule.ts'
import type { GroupDefinition } from '../rule-definition.ts'
import { RuleGroup } from '../rule-group.ts'
import type { RuleQuery } from '../rule-query.ts'
import type { ruleTestFileSchema } from './test-file-schema.ts'

export type RuleTestFile = Output<typeof ruleTestFileSchema>
type TestGroup = NonNullable<RuleTestFile['tests']>[number]

/** An empty storage for one test, on a clock of its own. */
export interface TestStorage {
  readonly storage: Appendable
  readonly query: RuleQuery
  readonly clock: Clock
  /** Sets its clock. */
  advance(time: Timestamp): Promise<void>
  close(): Promise<void>
}

export interface RuleTestOptions {
  readonly file: RuleTestFile
  readonly groups: readonly GroupDefinition[]
  readonly openStorage: (startTime: Timestamp, subqueryStepMs: number) => Promise<TestStorage>
  /** Names of tests to run; absent: all. */
  readonly isWanted?: (name: string) => boolean
}

const DEFAULT_INTERVAL_MS = 60_000

/** Runs the tests of a file. Resolves to what is not as expected, in promtool's words; empty: all is. */
export async function runRuleTests({ file, groups, openStorage, isWanted = () => true }: RuleTestOptions): Promise<readonly string[]> {
  const evaluationMs = file.evaluation_interval || DEFAULT_INTERVAL_MS
  const order = file.group_eval_order ?? []
  const repeated = order.find((name, index) => order.indexOf(name) !== index)
  if (repeated !== undefined) return [`group name repeated in evaluation order: ${repeated}`]
  const rank = (group: GroupDefinition) => Math.max(0, order.indexOf(group.name))
  const ordered = [...groups].sort((a, b) => rank(a) - rank(b))
  const failures: string[] = []
  for (const test of file.tests ?? []) {
    if (!isWanted(test.name ?? '')) continue
    const startTime = test.start_timestamp ?? 0
    const storage = await openStorage(startTime, evaluationMs)
    try {
      const run = new TestRun({ test, storage, startTime, evaluationMs, groups: ordered, isFuzzy: file.fuzzy_compare ?? false })
      failures.push(...(await run.failures()))
    } finally {
      await storage.close()
    }
  }
  return failures
}

interface TestRunOptions {
  readonly test: TestGroup
  readonly storage: TestStorage
  readonly startTime: Timestamp
  readonly evaluationMs: number
  readonly groups: readonly GroupDefinition[]
  readonly isFuzzy: boolean
}

type AlertTest = NonNullable<TestGroup['alert_rule_test']>[number]
type ExprTest = NonNullable<TestGroup['promql_expr_test']>[number]

interface TestAlert {
  readonly labels: Labels
  readonly annotations: Labels
}

class TestRun {
  readonly #options: TestRunOptions
  readonly #groups: readonly RuleGroup[]

  constructor(options: TestRunOptions) {
    this.#options = options
    const { test, storage } = options
    const alerting = {
      externalLabels: Labels.of(test.external_labels ?? {}),
      externalUrl: test.external_url ?? '',
      isRestored: true,
    }
    this.#groups = options.groups.map(
      ({ rules, limit, queryOffsetMs = 0 }) =>
        new RuleGroup({
          rules: rules.map((rule) => (rule.kind === 'alerting' ? new AlertingRule(rule, alerting) : new RecordingRule(rule))),
          queryOffsetMs,
          limit,
          query: storage.query,
          storage: storage.storage,
          clock: storage.clock,
        }),
    )
  }

  async failures(): Promise<readonly string[]> {
    const { test, startTime, evaluationMs } = this.#options
    const alertTests = test.alert_rule_test ?? []
    const nameless = alertTests.find(({ alertname = '' }) => alertname === '')
    if (nameless !== undefined) {
      const where = test.name ? ` (in TestGroup ${test.name})` : ''
      return [
        `an item under alert_rule_test misses required attribute alertname at eval_time ${formatDuration(nameless.eval_time ?? 0)}${where}`,
      ]
    }
    let load: InputLoad
    try {
      load = new InputLoad(test)
    } catch (error) {
      return [errorMessage(error)]
    }
    const exprTests = test.promql_expr_test ?? []
    const lastMs = Math.max(0, ...[...alertTests, ...exprTests].map(({ eval_time = 0 }) => eval_time))
    const failures: string[] = []
    for (let sinceMs = 0; sinceMs <= lastMs; sinceMs += evaluationMs) {
      await this.#options.storage.advance(startTime + sinceMs)
      await load.appendUntil(sinceMs, startTime, this.#options.storage.storage)
      const errors = await this.#evaluate(sinceMs)
      if (errors.length > 0) return [...failures, ...errors]
      // A test looks at the evaluation before it, or at its own.
      const due = alertTests
        .filter(({ eval_time = 0 }) => sinceMs <= eval_time && eval_time < sinceMs + evaluationMs)
        .sort((a, b) => (a.eval_time ?? 0) - (b.eval_time ?? 0))
      for (const alertTest of due) failures.push(...this.#checkAlerts(alertTest))
    }
    for (const exprTest of exprTests) failures.push(...(await this.#checkExpr(exprTest)))
    return failures
  }

  async #evaluate(sinceMs: number): Promise<readonly string[]> {
    const errors: string[] = []
    for (const group of this.#groups) {
      await group.evaluate(this.#options.startTime + sinceMs)
      group.rules.forEach(({ definition }, index) => {
        const { lastError } = group.health(index)
        if (lastError !== '') errors.push(`    rule: ${definition.name}, time: ${goDurationText(sinceMs)}, err: ${lastError}`)
      })
    }
    return errors
  }

  #checkAlerts({ alertname = '', eval_time = 0, exp_alerts = [] }: AlertTest): readonly string[] {
    const rules = this.#groups.flatMap(({ rules }) => rules).filter((rule) => rule instanceof AlertingRule)
    const got = sortAlerts(
      rules
        .filter(({ definition }) => definition.name === alertname)
        .flatMap((rule) => rule.activeAlerts())
        .filter(({ state }) => state === 'firing'),
    )
    const expected = sortAlerts(
      exp_alerts.map(({ exp_labels = {}, exp_annotations = {} }) => ({
        labels: Labels.of({ ...exp_labels, alertname }),
        annotations: Labels.of(exp_annotations),
      })),
    )
    const isSame =
      got.length === expected.length &&
      got.every((alert, i) => alert.labels.equals(expected[i]!.labels) && alert.annotations.equals(expected[i]!.annotations))
    if (isSame) return []
    const { name = '' } = this.#options.test
    const head = name === '' ? '' : `    name: ${name},\n`
    const time = formatDuration(eval_time)
    const side = (alerts: readonly TestAlert[]) => indent(alertsText(alerts), '            ')
    return [`${head}    alertname: ${alertname}, time: ${time}, \n        exp:${side(expected)}, \n        got:${side(got)}`]
  }

  async #checkExpr({ expr = '', eval_time = 0, exp_samples = [] }: ExprTest): Promise<readonly string[]> {
    const head = `    expr: ${quote(expr)}, time: ${formatDuration(eval_time)},`
    let got: readonly TestSample[]
    try {
      const vector = await this.#options.storage.query(expr, this.#options.startTime + eval_time, () => {})
      got = sortSamples(vector.map(({ labels, v, h }) => ({ labels, value: h === undefined ? v : 0, histogram: h })))
    } catch (error) {
      return [`${head} err: ${errorMessage(error)}`]
    }
    const expected: TestSample[] = []
    for (const { labels = '', value = 0, histogram = '' } of exp_samples) {
      try {
        expected.push({ labels: parseLabels(labels), value, histogram: parseHistogram(histogram) })
      } catch (error) {
        return [`${head} err: labels ${quote(labels)}: ${errorMessage(error)}`]
      }
    }
    const wanted = sortSamples(expected)
    if (wanted.length === got.length && wanted.every((want, i) => this.#isSame(want, got[i]!))) return []
    return [`${head}\n        exp: ${samplesText(wanted)}\n        got: ${samplesText(got)}`]
  }

  #isSame(want: TestSample, got: TestSample): boolean {
    if (!want.labels.equals(got.labels)) return false
    if (want.histogram !== undefined || got.histogram !== undefined) {
      if (want.histogram === undefined || got.histogram === undefined) return false
      return want.histogram.counterResetHint === got.histogram.counterResetHint && almostEqualHistograms(want.histogram, got.histogram)
    }
    // As with promtool NaN is like nothing, not even itself.
    return this.#options.isFuzzy ? isNear(want.value, got.value) : want.value === got.value
  }
}

/** The same, or neighbours: the last bit may differ from one machine to another. Source: promtool, fuzzy_compare. */
function isNear(a: number, b: number): boolean {
  return a === b || [1n, -1n].includes(orderOf(a) - orderOf(b))
}

const scratch = new DataView(new ArrayBuffer(8))

/** A float64's place among all of them. */
function orderOf(value: number): bigint {
  scratch.setFloat64(0, value)
  const bits = scratch.getBigInt64(0)
  return bits < 0n ? -(bits & 0x7fff_ffff_ffff_ffffn) : bits
}

interface TestSample {
  readonly labels: Labels
  readonly value: number
  readonly histogram: Histogram | undefined
}

function parseLabels(text: string): Labels {
  return parseSeriesDescription(text).labels
}

function parseHistogram(text: string): Histogram | undefined {
  if (text === '') return undefined
  const [value] = parseSeriesDescription(`{} ${text}`).values
  if (value?.kind !== 'histogram') throw new Error(`found ${quote(text)}, want a histogram`)
  return value.histogram
}

const sortSamples = (samples: readonly TestSample[]): readonly TestSample[] =>
  [...samples].sort((a, b) => compareLabels(a.labels, b.labels))

const sortAlerts = (alerts: readonly TestAlert[]): readonly TestAlert[] =>
  [...alerts].sort((a, b) => compareLabels(a.labels, b.labels) || compareLabels(a.annotations, b.annotations))

/** Every line after the first with `prefix` before it. */
function indent(text: string, prefix: string): string {
  return text.replaceAll('\n', `\n${prefix}`)
}

function alertsText(alerts: readonly TestAlert[]): string {
  if (alerts.length === 0) return '[]'
  const items = alerts.map(
    ({ labels, annotations }, index) => `${index}:${indent(`\nLabels:${labels.toString()}\nAnnotations:${annotations.toString()}`, '  ')}`,
  )
  return `[\n${items.join(',\n')}\n]`
}

/** Every label in braces, the name among them. */
function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels.toObject()).map(([name, value]) => `${name}=${quote(value)}`)
  return `{${pairs.join(', ')}}`
}

function samplesText(samples: readonly TestSample[]): string {
  if (samples.length === 0) return 'nil'
  return samples
    .map(
      ({ labels, value, histogram }) =>
        `${labelsText(labels)} ${histogram === undefined ? formatExponent(value).replace('e', 'E') : describeHistogram(histogram)}`,
    )
    .join(', ')
}

/** The samples of a test's input, given to the storage as time goes on. */
class InputLoad {
  readonly #intervalMs: number
  readonly #series: readonly { readonly labels: Labels; readonly values: ReturnType<typeof parseSeriesDescription>['values'] }[]
  #next = 0

  /** Throws for a series that does not parse. */
  constructor({ interval = 0, input_series = [] }: TestGroup) {
    this.#intervalMs = interval
    this.#series = input_series.map(({ series = '', values = '' }) => parseSeriesDescription(`${series} ${values}`))
  }

  async appendUntil(sinceMs: number, startTime: Timestamp, storage: Appendable): Promise<void> {
    const length = Math.max(0, ...this.#series.map(({ values }) => values.length))
    const appender = storage.appender()
    for (; this.#next < length && this.#next * this.#intervalMs <= sinceMs; this.#next++) {
      const t = startTime + this.#next * this.#intervalMs
      for (const { labels, values } of this.#series) {
        const value = values[this.#next]
        if (value === undefined || value.kind === 'omitted') continue
        const ref = appender.series(labels)
        if (value.kind === 'histogram') appender.appendHistogram(ref, t, value.histogram)
        else appender.append(ref, t, value.value)
      }
    }
    await appender.commit()
  }
}
