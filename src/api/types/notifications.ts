// Elements of /api/v1/notifications, and events of /api/v1/notifications/live.
// Source: Prometheus util/notifications.

export interface NotificationJson {
  readonly text: string
  /** RFC 3339. */
  readonly date: string
  /** False, in an event: it holds no longer. */
  readonly active: boolean
}
