import type { Clock } from '../base/env.ts'
import type { Log } from '../base/log.ts'
import type { HostFiles } from './host-files.ts'
import type { ExporterOptions } from './options.ts'
import type { Page } from './page.ts'

/** One source of host metrics. What it writes before it fails is thrown away: a failure costs its own families only. */
export interface Collector {
  /** Writes all of its families. Throws `NoDataError` where this host has none. */
  collect(page: Page, files: HostFiles): Promise<void>
}

export interface CollectorContext {
  readonly options: ExporterOptions
  readonly clock: Clock
  readonly log: Log
}

/** This host does not have what the collector reports; the collector counts as not successful, but nothing is wrong. */
export class NoDataError extends Error {
  override readonly name = 'NoDataError'
}

/** The words of a line of /proc. */
export function words(line: string): string[] {
  const trimmed = line.trim()
  return trimmed === '' ? [] : trimmed.split(/\s+/)
}

export function linesOf(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** A number as /proc writes it. `what` says where it stands. */
export function parseNumber(text: string | undefined, what: string): number {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isNaN(value)) throw new Error(`${what}: found ${text === undefined ? 'nothing' : `"${text}"`}, want a number`)
  return value
}
