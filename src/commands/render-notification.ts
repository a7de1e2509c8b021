import type { NotificationData } from '../alertmanager/notification-data.ts'
import { parseNotificationData } from '../alertmanager/notification-json.ts'
import { TemplateLibrary } from '../alertmanager/template-library.ts'
import type { Env } from '../base/env.ts'
import { wrapError } from '../base/errors.ts'
import { GoTime } from '../template/time-value.ts'

export interface NotificationToRender {
  /** Of files with templates. */
  readonly globs: readonly string[]
  readonly text: string
  /** Empty: a sample. */
  readonly dataPath: string
  /** Escapes what is inserted by where it stands. */
  readonly isHtml: boolean
}

/** What a notification template makes of the data of a notification. Upstream's default templates are not among those it may name. */
export async function renderNotification(env: Env, { globs, text, dataPath, isHtml }: NotificationToRender): Promise<string> {
  const library = new TemplateLibrary(() => env.clock.now())
  await library.addFiles(env.fs, globs)
  const data = dataPath === '' ? sampleData(env.clock.now()) : await readData(env, dataPath)
  return isHtml ? library.html(text, data) : library.text(text, data)
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
