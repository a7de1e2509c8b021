import type { NotificationData } from './notification-data.ts'

/** The templates of a configuration: upstream's default ones and those of its files. */
export interface NotificationTemplates {
  /** The result of a text of the configuration. Throws what upstream says when it cannot be executed. */
  text(template: string, data: NotificationData): string
  /** The same by Go's html/template: what is inserted is escaped by where it stands. */
  html(template: string, data: NotificationData): string
}
