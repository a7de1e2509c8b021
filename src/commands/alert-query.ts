import { flag } from '../config/flags.ts'
import type { ApiAlert } from './alertmanager-api.ts'
import { alertmanagerCommand, withAlertName } from './alertmanager-command.ts'

const STATES = ['active', 'inhibited', 'silenced', 'unprocessed'] as const

export const alertQueryCommand = alertmanagerCommand({
  name: 'alert query',
  summary: 'Ask an Alertmanager for its alerts.',
  description: `Lists alerts: those that are active where no state is asked for.

  promontory alert query alertname=foo node=bar
  promontory alert query foo node=bar
  promontory alert query 'alertname=~foo.*'
`,
  positional: '[MATCHER]...',
  flags: {
    inhibited: flag.boolean({ default: false, help: 'Those that others inhibit; -i for short.' }),
    silenced: flag.boolean({ default: false, help: 'Those that are silenced; -s for short.' }),
    active: flag.boolean({ default: false, help: 'Those that are active; -a for short.' }),
    unprocessed: flag.boolean({ default: false, help: 'Those that have not been looked at; -u for short.' }),
    receiver: flag.text({
      default: '',
      help: 'Those for receivers whose name matches this expression; -r for short.',
      placeholder: 'REGEX',
    }),
  },
  short: { i: 'inhibited', s: 'silenced', a: 'active', u: 'unprocessed', r: 'receiver' },
  async run(call) {
    const { api, io, args, values, output } = call
    const isAny = STATES.every((state) => !values[state])
    const parameters = new URLSearchParams()
    for (const state of STATES) parameters.set(state, String(values[state] || (isAny && state === 'active')))
    if (values.receiver !== '') parameters.set('receiver', values.receiver)
    for (const matcher of withAlertName(args, call)) parameters.append('filter', matcher)
    const { alertsText } = await import('./alertmanager-output.ts')
    io.out(alertsText(await api.get<readonly ApiAlert[]>('alerts', parameters), output))
    return undefined
  },
})
