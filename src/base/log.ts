/** What a log line may carry. Keys are the same everywhere, in camel case; units end a key (`durationMs`). */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined | Error>>

/**
 * Structured log. Messages are constant text, lower case; what varies is a field:
 * `log.info('wal replayed', { segments, durationMs })`.
 */
export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** A log that adds `fields` to every line. */
  with(fields: LogFields): Log
}
