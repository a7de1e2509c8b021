/** An alert of a message: what it is known by, and whether it fires. */
export interface MessageAlert {
  readonly labels: Readonly<Record<string, unknown>>
  readonly isFiring: boolean
}

/**
 * The alerts of what Alertmanager's webhooks send; undefined: this is no such message. Source: Alertmanager docs/configuration.md,
 * webhook_config.
 */
export function alertsOfMessage(body: Uint8Array): readonly MessageAlert[] | undefined {
  let message: unknown
  try {
    message = JSON.parse(Buffer.from(body).toString('utf8'))
  } catch {
    // A call may have any body.
    return undefined
  }
  if (!isObject(message) || !Array.isArray(message.alerts)) return undefined
  return message.alerts
    .filter(isObject)
    .map(({ labels, status }) => ({ labels: isObject(labels) ? labels : {}, isFiring: status === 'firing' }))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
