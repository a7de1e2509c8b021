import { CodedError } from '../../base/errors.ts'
import { METRIC_NAME } from '../../model/labels.ts'
import { compileAnchoredRegex, type Regex, regexReplace } from '../../model/regex.ts'
import type { StepSeries } from '../exec/columns.ts'
import type { SeriesFunction } from './series-function.ts'

/** Whether a text can name a label: not empty, and UTF-8 (what was not is a lone surrogate here). */
export function isLabelName(name: string): boolean {
  return name !== '' && name.isWellFormed()
}

function setLabel(series: StepSeries, name: string, value: string): void {
  series.labels = series.labels.with({ [name]: value })
  // A name that was just given is not the one that was to go.
  if (name === METRIC_NAME) series.dropName = false
}

/** label_replace(v, destination, replacement, source, regex) */
export const labelReplace: SeriesFunction = ({ strings, memory, emit }) => {
  const [destination, replacement, source, pattern] = strings
  const regex = compile(pattern)
  const referenceCount = replacement.split('$').length - 1
  if (!isLabelName(destination)) throw new CodedError('execution', `invalid destination label name in label_replace(): ${destination}`)
  return {
    add(series) {
      const text = series.labels.get(source)
      memory.chargeText(replacement.length + referenceCount * text.length)
      const value = regexReplace(regex, text, replacement)
      if (value !== null) setLabel(series, destination, value)
      emit(series)
    },
    finish: () => [],
  }
}

function compile(pattern: string): Regex {
  try {
    return compileAnchoredRegex(pattern)
  } catch {
    throw new CodedError('execution', `invalid regular expression in label_replace(): ${pattern}`)
  }
}

/** label_join(v, destination, separator, source…) */
export const labelJoin: SeriesFunction = ({ strings, memory, emit }) => {
  const [destination, separator, ...sources] = strings
  for (const source of sources) {
    if (!isLabelName(source)) throw new CodedError('execution', `invalid source label name in label_join(): ${source}`)
  }
  if (!isLabelName(destination)) throw new CodedError('execution', `invalid destination label name in label_join(): ${destination}`)
  return {
    add(series) {
      const texts = sources.map((source) => series.labels.get(source))
      memory.chargeText(texts.reduce((length, text) => length + text.length + separator.length, 0))
      setLabel(series, destination, texts.join(separator))
      emit(series)
    },
    finish: () => [],
  }
}
