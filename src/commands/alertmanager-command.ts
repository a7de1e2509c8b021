import type { LabelMatcher } from '../alertmanager/label-matcher.ts'
import { type MatcherMode, matcherMode } from '../alertmanager/matchers/matcher-mode.ts'
import { parseMatcher } from '../alertmanager/matchers/parse-matchers.ts'
import type { Env } from '../base/env.ts'
import { CodedError, errorMessage } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
import { type FlagTable, type FlagValues, flag, flagHelp } from '../config/flags.ts'
import { ConfigError, formatPlace } from '../config/problems.ts'
import { AlertmanagerApi } from './alertmanager-api.ts'
import { amtoolDefaults } from './amtool-defaults.ts'
import { parseArguments } from './arguments.ts'
import { type Command, type CommandIo, EXIT } from './command.ts'
import { accessFlags, openAccess } from './server-access.ts'

// What the commands for alerts, silences and routes have in common. What they need besides is loaded when they run: a server does without. Source of their form: amtool; Alertmanager cli/root.go.

const FORMATS = ['simple', 'extended', 'json'] as const

/** How answers are printed. */
export interface OutputOptions {
  readonly format: (typeof FORMATS)[number]
  /** A layout of Go. */
  readonly dateFormat: string
}

const commonFlags = {
  'alertmanager.url': flag.text({ default: 'http://localhost:9093', help: 'Alertmanager to ask.', placeholder: 'URL' }),
  output: flag.choice(FORMATS, { default: 'simple', help: 'Form of the answer; -o for short.' }),
  'date.format': flag.text({ default: '2006-01-02 15:04:05 MST', help: 'How times are printed: a layout of Go.', placeholder: 'LAYOUT' }),
  timeout: flag.duration({ default: 30_000, help: 'How long the Alertmanager may take for an answer.' }),
  'enable-feature': flag.texts({
    default: [],
    separated: true,
    help: 'How matchers are read: classic-mode, utf8-strict-mode. By default in both ways.',
    placeholder: 'FEATURE',
  }),
  ...accessFlags,
}

export interface AlertmanagerCall<F extends FlagTable> {
  readonly env: Env
  readonly io: CommandIo
  readonly api: AlertmanagerApi
  readonly args: readonly string[]
  readonly values: FlagValues<F>
  /** Names of flags that were typed, or that amtool's configuration file gives. */
  readonly given: ReadonlySet<string>
  readonly output: OutputOptions
  readonly matcherMode: MatcherMode
}

export interface AlertmanagerCommand<F extends FlagTable> {
  readonly name: string
  readonly summary: string
  readonly description: string
  /** What may stand there besides flags: `[MATCHER]...`; empty: nothing. */
  readonly positional: string
  readonly flags: F
  /** Long names of short flags. */
  readonly short?: Readonly<Record<string, string>>
  /** Resolves to the exit code; nothing: it worked. Throws `bad_data` where the arguments are wrong. */
  run(call: AlertmanagerCall<F>): Promise<number | undefined>
}

export function alertmanagerCommand<F extends FlagTable>(spec: AlertmanagerCommand<F>): Command {
  const table = { ...spec.flags, ...commonFlags }
  return {
    name: spec.name,
    summary: spec.summary,
    help: () => `Usage: promontory ${[spec.name, '[flags]', spec.positional].filter((part) => part !== '').join(' ')}

${spec.description}
Flags may also stand in a configuration file of amtool, such as ~/.config/amtool/config.yml.
Exit code 0 when it worked, 1 when it did not, 2 when the command was typed wrongly.

Flags:
${flagHelp(table)}`,
    async run(args, context) {
      const { io } = context
      const env: Env = context.env({ level: 'warn', format: 'logfmt' })
      try {
        const defaults = await amtoolDefaults(env.fs, io.variables.HOME, table)
        const parsed = parseArguments([...defaults, ...args], table, {
          positional: [],
          repeatLast: spec.positional !== '',
          short: { o: 'output', ...spec.short },
        })
        const values = parsed.values as FlagValues<F> & FlagValues<typeof commonFlags>
        const access = await openAccess(env, values['alertmanager.url'], values['http.config.file'], io)
        const code = await spec.run({
          env,
          io,
          api: new AlertmanagerApi(env, access, values.timeout),
          args: parsed.positional,
          values,
          given: parsed.given,
          output: { format: values.output, dateFormat: values['date.format'] },
          matcherMode: matcherMode(values['enable-feature']),
        })
        return code ?? EXIT.ok
      } catch (error) {
        if (error instanceof ConfigError) for (const problem of error.problems) io.err(formatPlace(problem))
        else io.err(`${spec.name}: ${errorMessage(error)}`)
        return error instanceof CodedError && !(error instanceof ConfigError) ? EXIT.usage : EXIT.failed
      }
    },
  }
}

type Reading = Pick<AlertmanagerCall<FlagTable>, 'matcherMode' | 'io'>

/** One `name="value"` each. The first may be the name of an alert alone. Throws `bad_data`. */
export function readMatchers(texts: readonly string[], call: Reading): readonly LabelMatcher[] {
  return withAlertName(texts, call).map((text) => readMatcher(text, call))
}

/** The texts, the first made a matcher of the alert's name where it is none. */
export function withAlertName(texts: readonly string[], { matcherMode }: Reading): readonly string[] {
  const [first, ...others] = texts
  if (first === undefined) return texts
  try {
    parseMatcher(first, matcherMode, () => {})
    return texts
  } catch {
    return [`alertname=${quote(first)}`, ...others]
  }
}

function readMatcher(text: string, { matcherMode, io }: Reading): LabelMatcher {
  return parseMatcher(text, matcherMode, (warning) => io.err(`WARNING: ${warning}`))
}

/** Values by name, of `name=value` each; `what` they are called. Throws `bad_data`. */
export function readPairs(what: string, texts: readonly string[], call: Reading): Readonly<Record<string, string>> {
  const pairs: Record<string, string> = Object.create(null)
  for (const text of texts) {
    const { operator, name, value } = readMatcher(text, call)
    if (operator !== '=') throw new CodedError('bad_data', `${what} must be specified as key=value pairs`)
    pairs[name] = value
  }
  return pairs
}
