import { parseRfc3339 } from '../base/rfc3339.ts'
import { flag } from '../config/flags.ts'
import { parseGoDuration } from '../model/go-duration.ts'
import type { ApiSilence } from './alertmanager-api.ts'
import { alertmanagerCommand, withAlertName } from './alertmanager-command.ts'

export const silenceQueryCommand = alertmanagerCommand({
  name: 'silence query',
  summary: 'Ask an Alertmanager for its silences.',
  description: `Lists silences that are not over, or, with --expired, those that are.

  promontory silence query foo node=bar
  promontory silence query --within=8h
  promontory silence query --expired --within=2h
`,
  positional: '[MATCHER]...',
  flags: {
    expired: flag.boolean({ default: false, help: 'Those that are over.' }),
    quiet: flag.boolean({ default: false, help: 'Print IDs alone; -q for short.' }),
    'created-by': flag.text({ default: '', help: 'Those that were made by this one.', placeholder: 'NAME' }),
    id: flag.text({ default: '', help: 'The one with this ID.', placeholder: 'ID' }),
    within: flag.text({ default: '', help: 'Those that end in this time, or, with --expired, ended in it.', placeholder: 'DURATION' }),
  },
  short: { q: 'quiet' },
  async run(call) {
    const { api, env, io, args, values, output } = call
    const withinMs = values.within === '' ? 0 : parseGoDuration(values.within)
    const parameters = new URLSearchParams()
    for (const matcher of withAlertName(args, call)) parameters.append('filter', matcher)
    const silences = await api.get<readonly ApiSilence[]>('silences', parameters)
    const now = env.clock.now()
    const shown = silences.filter(({ id, endsAt, createdBy }) => {
      const leftMs = parseRfc3339(endsAt)! - now
      if (values.expired ? leftMs > 0 : leftMs < 0) return false
      if (withinMs > 0 && Math.abs(leftMs) > withinMs) return false
      return (values['created-by'] === '' || createdBy === values['created-by']) && (values.id === '' || id === values.id)
    })
    if (values.quiet) {
      for (const { id } of shown) io.out(id)
      return undefined
    }
    const { silencesText } = await import('./alertmanager-output.ts')
    io.out(silencesText(shown, output))
    return undefined
  },
})
