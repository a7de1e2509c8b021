import { Breather } from '../../base/breather.ts'
import type { NotificationData } from '../notification-data.ts'
import { notificationOf } from '../notification-of.ts'
import type { Integration, IntegrationDeps, NotifyRequest } from './integration.ts'
import { failureOf } from './notify-error.ts'

/** What one notification is made of. */
export interface Notification {
  readonly request: NotifyRequest
  readonly data: NotificationData
  /** The result of a template on the data, found out once. Throws a TemplateError. */
  text(template: string): string
  html(template: string): string
  /** To be awaited between texts: others have their turn where these took long, as those of thousands of alerts do. */
  rest(): Promise<void>
  readonly signal: AbortSignal
}

/** An integration out of what sends one notification, which throws what is in the way: a NotifyError where it knows more. */
export function templatedIntegration(
  { kind, index, sendResolved }: Pick<Integration, 'kind' | 'index' | 'sendResolved'>,
  { env, templates, externalUrl }: Pick<IntegrationDeps, 'env' | 'templates' | 'externalUrl'>,
  send: (notification: Notification) => Promise<void>,
): Integration {
  return {
    kind,
    index,
    sendResolved,
    async notify(request, signal) {
      try {
        let made: NotificationData | undefined
        // Not all want it.
        const data = () => (made ??= notificationOf(request, externalUrl))
        const texts = new Map<string, string>()
        const text = (template: string) => {
          let made = texts.get(template)
          if (made === undefined) {
            made = templates.text(template, data())
            texts.set(template, made)
          }
          return made
        }
        const breather = new Breather(env.clock, signal)
        const rest = async () => {
          if (breather.isDue()) await breather.rest()
        }
        const html = (template: string) => templates.html(template, data())
        await send({
          request,
          get data() {
            return data()
          },
          text,
          html,
          rest,
          signal,
        })
        return undefined
      } catch (error) {
        return failureOf(error)
      }
    },
  }
}
