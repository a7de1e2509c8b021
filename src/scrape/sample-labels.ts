// From what a target exposes to what is stored. Source: Prometheus scrape/scrape.go, mutateSampleLabels and verifyLabelLimits.

import { CodedError } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
import { compareStrings, isLegacyLabelName, isLegacyMetricName, Labels, LabelsBuilder, METRIC_NAME } from '../model/labels.ts'
import { isLabelName, relabel } from '../model/relabel.ts'
import type { ScrapeConfig } from './scrape-config.ts'

const EXPORTED_PREFIX = 'exported_'

/** A label limit is exceeded; the scrape fails. */
export class LabelLimitError extends CodedError {
  constructor(message: string) {
    super('limit', message)
    this.name = 'LabelLimitError'
  }
}

/**
 * The labels under which a series is stored, or null when metric relabeling drops it. Slow path: once per new series.
 * `emptyNames`: labels that the target exposes without a value. With honor_labels they keep the target's label of that name away,
 * which is how a push gateway exposes series without an instance.
 * Throws a CodedError when the result is no series, LabelLimitError when it exceeds a limit: both fail the scrape.
 */
export function storedLabels(exposed: Labels, emptyNames: readonly string[], target: Labels, config: ScrapeConfig): Labels | null {
  const added = config.honorLabels && emptyNames.length > 0 ? without(target, emptyNames) : target
  const stored = relabel(withTargetLabels(exposed, added, config.honorLabels), config.metricRelabelConfigs)
  if (stored === null || stored.size === 0) return null
  const name = stored.get(METRIC_NAME)
  if (name === '') throw new CodedError('bad_data', `missing metric name (${METRIC_NAME} label)`)
  const isName = config.nameValidation === 'legacy' ? isLegacyLabelName : isLabelName
  let isValid = config.nameValidation !== 'legacy' || isLegacyMetricName(name)
  for (let i = 0; i < stored.pairs.length; i += 2) isValid &&= isName(stored.pairs[i])
  if (!isValid) throw new CodedError('bad_data', `invalid metric name or label names: ${stored}`)
  checkLabelLimits(stored, name, config)
  return stored
}

/** Labels of a report series such as `up`. */
export function reportLabels(name: string, target: Labels): Labels {
  return target.with({ [METRIC_NAME]: name })
}

function without(labels: Labels, names: readonly string[]): Labels {
  const builder = new LabelsBuilder(labels)
  for (const name of names) builder.delete(name)
  return builder.labels()
}

function withTargetLabels(exposed: Labels, target: Labels, honorLabels: boolean): Labels {
  const merged = mergePairs(exposed.pairs, target.pairs)
  if (merged !== undefined) return Labels.fromSortedPairs(merged)
  const builder = new LabelsBuilder(exposed)
  if (honorLabels) {
    for (const [name, value] of target) if (!exposed.has(name)) builder.set(name, value)
    return builder.labels()
  }
  const conflicts: [string, string][] = []
  for (const [name, value] of target) {
    const existing = exposed.get(name)
    if (existing !== '') conflicts.push([name, existing])
    builder.set(name, value)
  }
  // The shortest first, so that which label gets how many prefixes does not depend on their order.
  conflicts.sort(([a], [b]) => a.length - b.length)
  for (const [name, value] of conflicts) {
    let renamed = `${EXPORTED_PREFIX}${name}`
    while (builder.get(renamed) !== '') renamed = `${EXPORTED_PREFIX}${renamed}`
    builder.set(renamed, value)
  }
  return builder.labels()
}

/** Both label sets in order, or undefined when they share a name. The usual case, and ten times as fast as the other. */
function mergePairs(a: readonly string[], b: readonly string[]): string[] | undefined {
  const merged: string[] = []
  let j = 0
  for (let i = 0; i < a.length; i += 2) {
    while (j < b.length) {
      const order = compareStrings(b[j], a[i])
      if (order === 0) return undefined
      if (order > 0) break
      merged.push(b[j], b[j + 1])
      j += 2
    }
    merged.push(a[i], a[i + 1])
  }
  for (; j < b.length; j += 2) merged.push(b[j], b[j + 1])
  return merged
}

function checkLabelLimits(labels: Labels, name: string, config: ScrapeConfig): void {
  const { labelLimit, labelNameLengthLimit, labelValueLengthLimit } = config
  const metric = name.slice(0, 50)
  if (labelLimit > 0 && labels.size > labelLimit) {
    throw new LabelLimitError(`label_limit exceeded (metric: ${metric}, number of labels: ${labels.size}, limit: ${labelLimit})`)
  }
  if (labelNameLengthLimit === 0 && labelValueLengthLimit === 0) return
  for (const [label, value] of labels) {
    const nameLength = Buffer.byteLength(label)
    if (labelNameLengthLimit > 0 && nameLength > labelNameLengthLimit) {
      throw new LabelLimitError(
        `label_name_length_limit exceeded (metric: ${metric}, label name: ${label.slice(0, 50)}, length: ${nameLength}, limit: ${labelNameLengthLimit})`,
      )
    }
    const valueLength = Buffer.byteLength(value)
    if (labelValueLengthLimit > 0 && valueLength > labelValueLengthLimit) {
      throw new LabelLimitError(
        `label_value_length_limit exceeded (metric: ${metric}, label name: ${label.slice(0, 50)}, value: ${quote(value.slice(0, 50))}, length: ${valueLength}, limit: ${labelValueLengthLimit})`,
      )
    }
  }
}
