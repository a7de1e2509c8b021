// Ways in by which samples are pushed. Those that few ask for are loaded when somebody does.

import type { PushGateway } from '../pushgateway/push-service.ts'
import type { OtlpReceiver } from '../remote/otlp/otlp-receiver.ts'
import { WriteReceiver } from '../remote/write-receiver.ts'
import { dataDir, type ServerParts } from './server-parts.ts'

export function remoteWriteReceiver({ env, values, web, features, db }: ServerParts): WriteReceiver | undefined {
  if (!values['web.enable-remote-write-receiver'] && !features.has('remote-write-receiver')) return undefined
  return new WriteReceiver({
    env,
    appendable: db,
    acceptedMessages: web.writeMessages,
    zeroSamples: features.has('created-timestamp-zero-ingestion'),
    typeAndUnitLabels: features.has('type-and-unit-labels'),
  })
}

export async function otlpReceiver({ env, values, features, reloader, db }: ServerParts): Promise<OtlpReceiver | undefined> {
  if (!values['web.enable-otlp-receiver'] && !features.has('otlp-write-receiver')) return undefined
  const { OtlpReceiver } = await import('../remote/otlp/otlp-receiver.ts')
  return new OtlpReceiver({
    env,
    appendable: db,
    config: () => reloader.current.otlp,
    deltas: features.has('otlp-deltatocumulative')
      ? 'added up'
      : features.has('otlp-native-delta-ingestion')
        ? 'stored as they are'
        : 'refused',
    zeroSamples: features.has('created-timestamp-zero-ingestion'),
    typeAndUnitLabels: features.has('type-and-unit-labels'),
    lookbackMs: values['query.lookback-delta'],
  })
}

export async function openPushGateway({ env, values, web }: ServerParts): Promise<PushGateway | undefined> {
  if (!values['web.enable-pushgateway']) return undefined
  const { PushGateway } = await import('../pushgateway/push-service.ts')
  return PushGateway.open({
    env,
    file: `${dataDir(values)}/pushgateway.json`,
    persistenceIntervalMs: values['web.pushgateway-persistence-interval'],
    prefix: web.routePrefix,
    allowsWipe: values['web.enable-admin-api'],
  })
}
