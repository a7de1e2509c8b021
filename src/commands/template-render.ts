import { type NotificationData, templateData } from '../alertmanager/notification-data.ts'
import { parseNotificationData } from '../alertmanager/notification-json.ts'
import type { Env } from '../base/env.ts'
import { errorMessage, wrapError } from '../base/errors.ts'
import { globFiles } from '../base/glob.ts'
import { flag, flagHelp } from '../config/flags.ts'
import { BUILTINS } from '../template/builtins.ts'
import { executeTemplate } from '../template/execute.ts'
import { notificationFunctions } from '../template/notification-functions.ts'
import { type ParsedTemplate, parseTemplate } from '../template/parse.ts'
import { GoTime } from '../template/time-value.ts'
import { parseArguments } from './arguments.ts'
import { type Command, EXIT } from './command.ts'

const flags = {
  'template.glob': flag.texts({ default: [], help: 'Glob of files with templates; may be given more than once.', placeholder: 'GLOB' }),
  'template.text': flag.text({ default: '', help: 'The template to render.' }),
  'template.type': flag.text({ default: 'text', help: 'How to render it: text.' }),
  'template.data': flag.text({
    default: '',
    help: 'File with the data of a notification, JSON as a webhook carries it; without it a sample.',
  }),
}

const HELP = `Usage: promontory template render --template.glob=GLOB --template.text=TEXT [flags]

Renders a notification template with the data of a notification.
Exit code 0 with the text on standard output, 1 where it cannot be rendered, 2 when the command was typed wrongly.

  promontory template render --template.glob='templates/*.tmpl' --template.text='{{ template "slack.title" . }}'

Flags:
${flagHelp(flags)}`

export const templateRenderCommand: Command = {
  name: 'template render',
  summary: 'Render a notification template.',
  help: () => HELP,
  async run(args, context) {
    const { io } = context
    let values: ReturnType<typeof readArguments>
    try {
      values = readArguments(args)
    } catch (error) {
      io.err(`template render: ${errorMessage(error)}`)
      return EXIT.usage
    }
    const env = context.env({ level: 'warn', format: 'logfmt' })
    try {
      io.write(await render(env, values))
      return EXIT.ok
    } catch (error) {
      io.err(errorMessage(error))
      return EXIT.failed
    }
  },
}

function readArguments(args: readonly string[]) {
  const { values } = parseArguments(args, flags)
  if (values['template.glob'].length === 0) throw new Error("required flag(s) '--template.glob' not provided")
  if (values['template.text'] === '') throw new Error("required flag(s) '--template.text' not provided")
  if (values['template.type'] !== 'text') {
    throw new Error(`found --template.type=${values['template.type']}, want text: html is not built yet`)
  }
  return values
}

async function render(env: Env, values: ReturnType<typeof readArguments>): Promise<string> {
  const functions = notificationFunctions(() => env.clock.now())
  const hasFunction = (name: string) => functions.has(name) || BUILTINS.has(name)
  const templates = new Map<string, ParsedTemplate>()
  const add = (name: string, text: string) => {
    for (const template of parseTemplate(name, text, hasFunction)) templates.set(template.name, template)
  }
  for (const glob of values['template.glob']) {
    for (const path of await globFiles(env.fs, glob)) add(path.slice(path.lastIndexOf('/') + 1), await env.fs.readText(path))
  }
  add('', values['template.text'])
  const path = values['template.data']
  const data = path === '' ? sampleData(env.clock.now()) : await readData(env, path)
  return executeTemplate({ templates, functions }, '', templateData(data))
}

async function readData(env: Env, path: string): Promise<NotificationData> {
  const json = await env.fs.readText(path)
  try {
    return parseNotificationData(json)
  } catch (error) {
    throw wrapError(path, error)
  }
}

/** The names and values of amtool's sample, on which examples of others rest. Source: Alertmanager cli/template_render.go. */
function sampleData(nowMs: number): NotificationData {
  const common = [
    ['commonlabelkey1', 'commonlabelvalue1'],
    ['commonlabelkey2', 'commonlabelvalue2'],
  ] as const
  const commonAnnotations = [
    ['commonannotationkey1', 'commonannotationvalue1'],
    ['commonannotationkey2', 'commonannotationvalue2'],
  ] as const
  const startsAt = GoTime.fromMs(nowMs - 5 * 60_000)
  const endsAt = GoTime.fromMs(nowMs)
  return {
    receiver: 'receiver',
    status: 'alertstatus',
    alerts: [
      {
        status: 'firing',
        labels: new Map([...common, ['label1', 'value1'], ['label2', 'value2'], ['instance', 'foo.bar:1234']]),
        annotations: new Map([...commonAnnotations, ['annotation1', 'value1'], ['annotation2', 'value2']]),
        startsAt,
        endsAt,
        generatorUrl: 'https://generatorurl.com',
        fingerprint: 'fingerprint1',
      },
      {
        status: 'resolved',
        labels: new Map([...common, ['foo', 'bar'], ['baz', 'qux']]),
        annotations: new Map([...commonAnnotations, ['aaa', 'bbb'], ['ccc', 'ddd']]),
        startsAt: GoTime.fromMs(nowMs - 10 * 60_000),
        endsAt,
        generatorUrl: 'https://generatorurl.com',
        fingerprint: 'fingerprint2',
      },
    ],
    notificationReason: '',
    groupLabels: new Map([
      ['grouplabelkey1', 'grouplabelvalue1'],
      ['grouplabelkey2', 'grouplabelvalue2'],
    ]),
    commonLabels: new Map(common),
    commonAnnotations: new Map(commonAnnotations),
    externalUrl: 'https://example.com',
  }
}
