import type { ApiStatus } from './alertmanager-api.ts'
import { alertmanagerCommand } from './alertmanager-command.ts'

export const clusterShowCommand = alertmanagerCommand({
  name: 'cluster show',
  summary: 'Ask an Alertmanager for its cluster.',
  description: 'Prints the state of the cluster; with --output=extended its members.\n',
  positional: '',
  flags: {},
  async run({ api, io, output }) {
    const { clusterText } = await import('./alertmanager-output.ts')
    io.out(clusterText((await api.get<ApiStatus>('status')).cluster, output))
    return undefined
  },
})

export const configShowCommand = alertmanagerCommand({
  name: 'config show',
  summary: 'Ask an Alertmanager for its configuration.',
  description: 'Prints the configuration that runs; with --output=extended also versions and the time it started.\n',
  positional: '',
  flags: {},
  async run({ api, io, output }) {
    const { statusText } = await import('./alertmanager-output.ts')
    io.out(statusText(await api.get<ApiStatus>('status'), output))
    return undefined
  },
})
