import { alertmanagerCommand } from '../roles/alertmanager.ts'
import { deadmanCommand } from '../roles/deadman.ts'
import { exporterCommand } from '../roles/exporter.ts'
import { serverCommand } from '../roles/server.ts'
import { upCommand } from '../roles/up.ts'
import { alertAddCommand } from './alert-add.ts'
import { alertQueryCommand } from './alert-query.ts'
import { checkConfigCommand } from './check-config.ts'
import { checkMetricsCommand } from './check-metrics.ts'
import { checkRulesCommand } from './check-rules.ts'
import { checkHealthyCommand, checkReadyCommand } from './check-server.ts'
import { checkWebConfigCommand } from './check-web-config.ts'
import { clusterShowCommand, configShowCommand } from './cluster-show.ts'
import type { Command } from './command.ts'
import { promqlExplainCommand } from './promql-explain.ts'
import { promqlFormatCommand } from './promql-format.ts'
import { promqlInstantCommand } from './promql-instant.ts'
import { promqlLabelsCommand } from './promql-labels.ts'
import { promqlRangeCommand } from './promql-range.ts'
import { promqlSeriesCommand } from './promql-series.ts'
import { configRoutesCommand, routeShowCommand } from './route-show.ts'
import { routeTestCommand } from './route-test.ts'
import { silenceAddCommand } from './silence-add.ts'
import { silenceExpireCommand } from './silence-expire.ts'
import { silenceImportCommand } from './silence-import.ts'
import { silenceQueryCommand } from './silence-query.ts'
import { silenceUpdateCommand } from './silence-update.ts'
import { templateRenderCommand } from './template-render.ts'
import { testAlertsCommand } from './test-alerts.ts'
import { testPromqlCommand } from './test-promql.ts'
import { testRulesCommand } from './test-rules.ts'
import { tsdbAnalyzeCommand } from './tsdb-analyze.ts'
import { tsdbCreateBlocksCommand } from './tsdb-create-blocks.ts'
import { tsdbDumpCommand } from './tsdb-dump.ts'
import { tsdbDumpOpenMetricsCommand } from './tsdb-dump-openmetrics.ts'
import { tsdbFlushCommand } from './tsdb-flush.ts'
import { tsdbImportCommand } from './tsdb-import.ts'
import { tsdbListCommand } from './tsdb-list.ts'
import { tsdbVerifyCommand } from './tsdb-verify.ts'

const GROUPS: readonly { readonly title: string; readonly commands: readonly Command[] }[] = [
  { title: 'On this machine', commands: [upCommand] },
  { title: 'Roles', commands: [serverCommand, alertmanagerCommand, deadmanCommand, exporterCommand] },
  {
    title: 'Checks',
    commands: [checkConfigCommand, checkRulesCommand, checkWebConfigCommand, checkMetricsCommand, checkHealthyCommand, checkReadyCommand],
  },
  {
    title: 'Queries',
    commands: [
      promqlInstantCommand,
      promqlRangeCommand,
      promqlSeriesCommand,
      promqlLabelsCommand,
      promqlExplainCommand,
      promqlFormatCommand,
    ],
  },
  { title: 'Tests', commands: [testPromqlCommand, testRulesCommand, testAlertsCommand] },
  {
    title: 'Alerts',
    commands: [
      alertQueryCommand,
      alertAddCommand,
      silenceQueryCommand,
      silenceAddCommand,
      silenceUpdateCommand,
      silenceExpireCommand,
      silenceImportCommand,
      routeShowCommand,
      routeTestCommand,
      clusterShowCommand,
      configShowCommand,
      configRoutesCommand,
      templateRenderCommand,
    ],
  },
  {
    title: 'Blocks',
    commands: [
      tsdbListCommand,
      tsdbAnalyzeCommand,
      tsdbDumpCommand,
      tsdbDumpOpenMetricsCommand,
      tsdbVerifyCommand,
      tsdbCreateBlocksCommand,
      tsdbImportCommand,
      tsdbFlushCommand,
    ],
  },
]

/** Names of commands that the design has and this release does not. */
const NOT_BUILT = new Set([
  'query',
  'store',
  'compact',
  'sidecar',
  'console',
  'fleet',
  'bucket',
  'plan',
  'render',
  'status',
  'bench',
  'chaos',
  'parity',
  'doctor',
])

/** The same within groups. */
const NOT_BUILT_YET: Readonly<Record<string, string>> = {
  'tsdb create-blocks-from rules': 'past evaluations of rules are not written by this release',
}

export function programHelp(): string {
  const commands = GROUPS.flatMap((group) => group.commands)
  const width = Math.max(...commands.map((command) => command.name.length))
  const lines = ['Promontory: highly available, sharded, federated monitoring in one program.', '', 'Usage: promontory COMMAND [flags]']
  for (const group of GROUPS) {
    lines.push('', `${group.title}:`)
    for (const command of group.commands) lines.push(`  ${command.name.padEnd(width)}  ${command.summary}`)
  }
  lines.push(
    '',
    '`promontory COMMAND --help` says more of each; `promontory --version` says which this is.',
    'Start here: `promontory up` monitors this machine.',
  )
  return lines.join('\n')
}

/** Help on the commands that share a first word; undefined when none begin with it. */
export function groupHelp(first: string): string | undefined {
  const commands = GROUPS.flatMap((group) => group.commands).filter((command) => command.name.startsWith(`${first} `))
  if (commands.length === 0) return undefined
  const width = Math.max(...commands.map((command) => command.name.length))
  const lines = commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`)
  return [`Usage: promontory ${first} COMMAND [flags]`, '', ...lines, '', '`promontory COMMAND --help` says more of each.'].join('\n')
}

/** The command whose name the arguments begin with, or what is wrong with them. */
export function findCommand(args: readonly string[]): { command: Command; args: readonly string[] } | { problem: string } {
  const commands = GROUPS.flatMap((group) => group.commands)
  for (const command of commands) {
    const words = command.name.split(' ')
    if (words.every((word, index) => args[index] === word)) return { command, args: args.slice(words.length) }
  }
  const first = args[0]
  for (const [name, reason] of Object.entries(NOT_BUILT_YET))
    if (name.split(' ').every((word, index) => args[index] === word)) return { problem: `${name} is not built yet: ${reason}` }
  const inGroup = commands.filter((command) => command.name.startsWith(`${first} `)).map((command) => command.name.slice(first.length + 1))
  if (inGroup.length > 0) return { problem: `${first}: found ${args[1] ?? 'nothing'}, want one of: ${inGroup.join(', ')}` }
  if (NOT_BUILT.has(first))
    return { problem: `${first} is not built yet; this release has: ${commands.map((command) => command.name).join(', ')}` }
  return { problem: `no command ${first}; there are: ${commands.map((command) => command.name).join(', ')}` }
}
