import { quote } from './go-quote.ts'
import type { Log, LogFields } from './log.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFormat = 'logfmt' | 'json'

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

interface LogOptions {
  readonly level: LogLevel
  readonly format: LogFormat
  readonly now: () => number
  write(line: string): void
}

/** A log that hands finished lines (with their newline) to `write`. */
export function createLog(options: LogOptions): Log {
  return withFields(options, {})
}

function withFields(options: LogOptions, common: Readonly<Record<string, unknown>>): Log {
  const write = (level: LogLevel, msg: string, fields: LogFields | undefined) => {
    const record = { level: level.toUpperCase(), time: new Date(options.now()).toISOString(), ...common, ...plain(fields), msg }
    options.write(options.format === 'json' ? `${JSON.stringify(record)}\n` : logfmtLine(record))
  }
  const at = (level: LogLevel) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(options.level)) return () => {}
    return (message: string, fields?: LogFields) => write(level, message, fields)
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => withFields(options, { ...common, ...plain(fields) }),
  }
}

/** Errors as their message: a stack belongs in no log line. */
function plain(fields: LogFields = {}): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) out[key] = value instanceof Error ? value.message : value
  return out
}

/** `time=… level=INFO msg="…" key=value`: the order that upstream's log has. */
export function logfmtLine(record: Readonly<Record<string, unknown>>): string {
  const { time, level, msg, ...fields } = record
  const parts = [`time=${time}`, `level=${level}`, `msg=${logfmtValue(msg)}`]
  for (const [key, value] of Object.entries(fields)) parts.push(`${key}=${logfmtValue(value)}`)
  return `${parts.join(' ')}\n`
}

/** What stands in a line without quotes. Source: Go log/slog/text_handler.go, needsQuoting. */
const PLAIN_VALUE = /^(?:(?!["=\ufffd])[\p{L}\p{M}\p{N}\p{P}\p{S}\x7f])+$/u

function logfmtValue(value: unknown): string {
  const text = String(value)
  return PLAIN_VALUE.test(text) ? text : quote(text)
}
