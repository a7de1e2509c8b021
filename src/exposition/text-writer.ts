import { isLegacyLabelName, isLegacyMetricName } from '../model/labels.ts'
import { formatFloatText } from './float.ts'

// Pieces of a page in text format 0.0.4, each with its newline where it is a line. Names outside of the classic characters are
// quoted, as Prometheus 3 reads them. Source: Prometheus docs/instrumenting/exposition_formats.md, "Text-based format".

/** What a TYPE line of the text format can say. */
export type TextMetricType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped'

export const TEXT_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export function helpLine(name: string, help: string): string {
  return `# HELP ${shownName(name)} ${help.replace(/[\\\n]/g, (found) => (found === '\n' ? '\\n' : '\\\\'))}\n`
}

export function typeLine(name: string, type: TextMetricType): string {
  return `# TYPE ${shownName(name)} ${type}\n`
}

/** `name="value"`; several of them are joined by commas. */
export function labelPair(name: string, value: string): string {
  return `${isLegacyLabelName(name) ? name : quoted(name)}=${quoted(value)}`
}

/** One sample; `pairs` are label pairs joined by commas, `timestamp` is Unix ms. */
export function sampleLine(name: string, pairs: string, value: number, timestamp?: number): string {
  const time = timestamp === undefined ? '' : ` ${timestamp}`
  if (!isLegacyMetricName(name)) return `{${quoted(name)}${pairs === '' ? '' : `,${pairs}`}} ${formatFloatText(value)}${time}\n`
  return `${name}${pairs === '' ? '' : `{${pairs}}`} ${formatFloatText(value)}${time}\n`
}

export function shownName(name: string): string {
  return isLegacyMetricName(name) ? name : quoted(name)
}

export function quoted(text: string): string {
  return /[\\"\n]/.test(text) ? `"${text.replace(/[\\"\n]/g, (found) => (found === '\n' ? '\\n' : `\\${found}`))}"` : `"${text}"`
}
