import { CodedError } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
import { parseRfc3339 } from '../base/rfc3339.ts'
import { flag } from '../config/flags.ts'
import { alertmanagerCommand, readPairs, withAlertName } from './alertmanager-command.ts'

export const alertAddCommand = alertmanagerCommand({
  name: 'alert add',
  summary: 'Tell an Alertmanager of an alert.',
  description: `Tells an Alertmanager of an alert with these labels. It is over after resolve_timeout, unless --end says otherwise.

  promontory alert add alertname=foo node=bar
  promontory alert add foo node=bar --annotation=summary='what is wrong' --annotation=runbook=http://runbook.example
`,
  positional: 'LABEL...',
  flags: {
    'generator-url': flag.text({ default: '', help: 'What it follows from.', placeholder: 'URL' }),
    start: flag.text({ default: '', help: 'When it begins, RFC 3339. Now by default.', placeholder: 'TIME' }),
    end: flag.text({ default: '', help: 'When it ends, RFC 3339.', placeholder: 'TIME' }),
    annotation: flag.texts({ default: [], help: 'name=value; may be repeated.', placeholder: 'ANNOTATION' }),
  },
  async run(call) {
    const { api, args, values } = call
    const labels = readPairs('labels', withAlertName(args, call), call)
    if (Object.keys(labels).length === 0) throw new CodedError('bad_data', 'at least one label pair required')
    await api.post('alerts', [
      {
        labels,
        annotations: readPairs('annotations', values.annotation, call),
        generatorURL: values['generator-url'] === '' ? undefined : values['generator-url'],
        startsAt: timeText(values.start),
        endsAt: timeText(values.end),
      },
    ])
    return undefined
  },
})

/** A time of the command line as it stands; undefined: none. Throws `bad_data`. */
export function timeText(text: string): string | undefined {
  if (text === '') return undefined
  if (parseRfc3339(text) === undefined)
    throw new CodedError('bad_data', `found ${quote(text)}, want a time of RFC 3339 such as 2006-01-02T15:04:05-07:00`)
  return text
}
