import type { NotificationData } from '../notification-data.ts'
import { notificationOf } from '../notification-of.ts'
import type { Integration, IntegrationDeps, NotifyRequest } from './integration.ts'
import { failureOf } from './notify-error.ts'

/** What one notification is made of. */
export interface Notification {
  readonly request: NotifyRequest
  readonly data: NotificationData
  /** The result of a template on the data. Throws a TemplateError. */
  text(template: string): string
  html(template: string): string
  readonly signal: AbortSignal
}

/** An integration out of what sends one notification, which throws what is in the way: a NotifyError where it knows more. */
export function templatedIntegration(
  { kind, index, sendResolved }: Pick<Integration, 'kind' | 'index' | 'sendResolved'>,
  { templates, externalUrl }: Pick<IntegrationDeps, 'templates' | 'externalUrl'>,
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
        const text = (template: string) => templates.text(template, data())
        const html = (template: string) => templates.html(template, data())
        await send({
          request,
          get data() {
            return data()
          },
          text,
          html,
          signal,
        })
        return undefined
      } catch (error) {
        return failureOf(error)
      }
    },
  }
}
