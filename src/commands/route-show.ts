import type { Route } from '../alertmanager/dispatch/route.ts'
import { type FlagTable, flag } from '../config/flags.ts'
import type { ApiStatus } from './alertmanager-api.ts'
import { type AlertmanagerCall, alertmanagerCommand } from './alertmanager-command.ts'
import type { Command } from './command.ts'
import { routeTree } from './route-tree.ts'

export const routeFlags = {
  'config.file': flag.text({
    default: '',
    help: 'File with the tree; without it that of the Alertmanager of --alertmanager.url.',
    placeholder: 'FILE',
  }),
}

export const routeShowCommand = alertmanagerCommand({
  name: 'route show',
  summary: 'Draw the routing tree of an alertmanager.yml.',
  description: `Draws the routing tree of a file, or of an Alertmanager that runs.

  promontory route show --config.file=alertmanager.yml
`,
  positional: '',
  flags: routeFlags,
  async run(call) {
    call.io.out(`Routing tree:\n${routeTree(await readTree(call))}\n`)
    return undefined
  },
})

/** The same by amtool's name. */
export const configRoutesCommand: Command = { ...routeShowCommand, name: 'config routes' }

/** Throws a ConfigError. */
export async function readTree({ api, env, values, matcherMode }: AlertmanagerCall<typeof routeFlags & FlagTable>): Promise<Route> {
  // A server starts without it.
  const { loadAlertmanagerConfig, parseAlertmanagerConfig } = await import('../config/alertmanager.ts')
  const file = values['config.file']
  if (file !== '') return (await loadAlertmanagerConfig(env, file, { matcherMode })).config.route
  const { config } = await api.get<ApiStatus>('status')
  return parseAlertmanagerConfig('alertmanager.yml', config.original, { matcherMode }).config.route
}
