import { errorMessage } from '../base/errors.ts'
import { flag, flagHelp } from '../config/flags.ts'
import { parseArguments } from './arguments.ts'
import { type Command, EXIT } from './command.ts'

const flags = {
  'template.glob': flag.texts({ default: [], help: 'Glob of files with templates; may be given more than once.', placeholder: 'GLOB' }),
  'template.text': flag.text({ default: '', help: 'The template to render.' }),
  'template.type': flag.choice(['text', 'html'], {
    default: 'text',
    help: 'How to render it: as text, or as HTML, where what is inserted is escaped by where it stands.',
  }),
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
      // A server starts without what templates alone need.
      const { renderNotification } = await import('./render-notification.ts')
      const { 'template.glob': globs, 'template.text': text, 'template.data': dataPath, 'template.type': type } = values
      io.write(await renderNotification(env, { globs, text, dataPath, isHtml: type === 'html' }))
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
  return values
}
