import { CodedError } from '../base/errors.ts'
import type { ConfigFile } from './file.ts'
import { ConfigError, type ConfigProblem } from './problems.ts'
import type { PrometheusSection } from './prometheus-schema.ts'
import { serverFlags } from './server-flags.ts'

// What an agent, which only forwards, has no use for. Source of the rules and their texts: Prometheus config/config.go, LoadFile;
// cmd/prometheus/main.go.

/** Throws a ConfigError that lists what an agent's file must not have, and what it must. */
export function checkAgentConfig({ path, tree, value }: ConfigFile<PrometheusSection>): void {
  const { alerting, rule_files: rules, remote_read: reads, remote_write: writes } = value
  const problems: ConfigProblem[] = []
  const refuse = (field: string, isGiven: boolean) => {
    if (isGiven) problems.push({ file: path, ...tree.fieldPosition([field]), message: `field ${field} is not allowed in agent mode` })
  }
  refuse('alerting', Boolean(alerting?.alertmanagers?.length || alerting?.alert_relabel_configs?.length))
  refuse('rule_files', Boolean(rules?.length))
  refuse('remote_read', Boolean(reads?.length))
  if (!writes?.length)
    problems.push({ file: path, line: 1, column: 1, message: 'at least one remote_write target must be specified in agent mode' })
  if (problems.length > 0) throw new ConfigError(problems)
}

const SERVER_ONLY = /^(storage\.tsdb\.|storage\.wal\.recover-until|storage\.remote\.read-|rules\.|alertmanager\.|query\.)/
const AGENT_ONLY = /^storage\.agent\./

/** Throws `bad_data` when flags were given that are for the other mode. */
export function checkModeFlags(given: ReadonlySet<string>, isAgent: boolean): void {
  const names = [...given].map((name) => (serverFlags as Readonly<Record<string, { aliasOf?: string }>>)[name]?.aliasOf ?? name)
  const wrong = names.filter((name) => (isAgent ? SERVER_ONLY : AGENT_ONLY).test(name)).map((name) => JSON.stringify(`--${name}`))
  if (wrong.length === 0) return
  const what = isAgent ? 'can not be used in agent mode' : 'can only be used in agent mode'
  throw new CodedError('bad_data', `The following flag(s) ${what}: [${wrong.join(' ')}]`)
}
