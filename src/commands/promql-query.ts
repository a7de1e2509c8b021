import type { Env } from '../base/env.ts'
import { CodedError, errorMessage } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
import { parseRfc3339 } from '../base/rfc3339.ts'
import { type FlagTable, type FlagValues, flag, flagHelp } from '../config/flags.ts'
import { formatFloat } from '../model/go-text.ts'
import { ApiClient, ApiError } from './api-client.ts'
import { parseArguments } from './arguments.ts'
import { type Command, EXIT } from './command.ts'
import { OUTPUT_FORMATS, type OutputFormat } from './query-output.ts'
import { accessFlags, openAccess } from './server-access.ts'

// What the commands that ask a server's API have in common. Source of their form: Prometheus cmd/promtool/query.go.

const commonFlags = {
  format: flag.choice(OUTPUT_FORMATS, { default: 'promql', help: 'Form of the answer; -o for short.' }),
  ...accessFlags,
}

export const timeFlag = (help: string) => flag.text({ default: '', help: `${help} RFC 3339 or Unix seconds.`, placeholder: 'TIME' })

export interface QueryCommand<F extends FlagTable> {
  readonly name: string
  readonly summary: string
  readonly description: string
  /** What must be given, the server first. */
  readonly positional: readonly string[]
  readonly flags: F
  /** Headers of every request. */
  headers?(values: FlagValues<F>): Readonly<Record<string, string>>
  /** Resolves to what is printed; undefined: nothing. `now` is Unix ms. Throws `bad_data` where the arguments are wrong. */
  ask(query: {
    readonly api: ApiClient
    readonly args: readonly string[]
    readonly values: FlagValues<F>
    readonly format: OutputFormat
    readonly now: number
    err(line: string): void
  }): Promise<string | undefined>
}

export function queryCommand<F extends FlagTable>(spec: QueryCommand<F>): Command {
  const table = { ...spec.flags, ...commonFlags }
  return {
    name: spec.name,
    summary: spec.summary,
    help: () => `Usage: promontory ${spec.name} [flags] ${spec.positional.join(' ')}

${spec.description}
SERVER is its URL, such as http://localhost:9090.
Exit code 0 with an answer, 1 without, 2 when the command was typed wrongly.

Flags:
${flagHelp(table)}`,
    async run(args, context) {
      const { io } = context
      const env: Env = context.env({ level: 'warn', format: 'logfmt' })
      const err = (line: string) => io.err(line)
      try {
        const parsed = parseArguments(args, table, { positional: spec.positional, short: { o: 'format' } })
        const values = parsed.values as FlagValues<F> & FlagValues<typeof commonFlags>
        const [server, ...rest] = parsed.positional
        const access = await openAccess(env, server, values['http.config.file'], io)
        const api = new ApiClient(env, access, spec.headers?.(values))
        const text = await spec.ask({ api, args: rest, values, format: values.format, now: env.clock.now(), err })
        if (text !== undefined) io.out(text)
        return EXIT.ok
      } catch (error) {
        if (error instanceof CodedError) {
          err(`${spec.name}: ${errorMessage(error)}`)
          return EXIT.usage
        }
        const detail = error instanceof ApiError ? error.detail.trim() : ''
        err(`query error: ${error instanceof ApiError ? error.message : errorMessage(error)}${detail === '' ? '' : ` (detail: ${detail})`}`)
        return EXIT.failed
      }
    },
  }
}

/** A time of the command line in Unix ms. Throws `bad_data`. */
export function parseTime(what: string, text: string): number {
  const time = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) * 1000 : parseRfc3339(text)
  if (time === undefined) throw new CodedError('bad_data', `error parsing ${what} time: cannot parse ${quote(text)} to a valid timestamp`)
  return time
}

/** Unix ms as the API takes them: seconds, never with an exponent. */
export function timeParameter(time: number): string {
  return formatFloat(Math.round(time * 1e3) / 1e6)
}

/** Before and after everything: what upstream's tool asks for when no time is given. */
const ALWAYS_MS = 9999 * 3_600_000

/** `start` and `end` of a request for series or labels. */
export function timeRange(start: string, end: string, now: number): { readonly start: string; readonly end: string } {
  return {
    start: timeParameter(start === '' ? now - ALWAYS_MS : parseTime('start', start)),
    end: timeParameter(end === '' ? now + ALWAYS_MS : parseTime('end', end)),
  }
}
