import { pino } from 'pino'
import type { Log, LogFields } from './log.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFormat = 'logfmt' | 'json'

/** A log that hands finished lines (with their newline) to `write`. */
export function createLog(options: {
  readonly level: LogLevel
  readonly format: LogFormat
  readonly now: () => number
  write(line: string): void
}): Log {
  const write = options.format === 'json' ? options.write : (line: string) => options.write(logfmtLine(JSON.parse(line)))
  const logger = pino(
    {
      level: options.level,
      base: null,
      messageKey: 'msg',
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
      timestamp: () => `,"time":"${new Date(options.now()).toISOString()}"`,
    },
    { write },
  )
  return wrap(logger)
}

function wrap(logger: pino.Logger): Log {
  return {
    debug: (message, fields) => logger.debug(plain(fields), message),
    info: (message, fields) => logger.info(plain(fields), message),
    warn: (message, fields) => logger.warn(plain(fields), message),
    error: (message, fields) => logger.error(plain(fields), message),
    with: (fields) => wrap(logger.child(plain(fields))),
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

function logfmtValue(value: unknown): string {
  const text = String(value)
  return text !== '' && /^[^\s"=\\\p{Cc}]+$/u.test(text) ? text : JSON.stringify(text)
}
