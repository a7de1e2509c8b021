import type { DiscovererConfig } from '../discovery/discoverer.ts'
import type { HttpClientConfig } from '../http-client/client-config.ts'
import type { SigV4Config } from '../http-client/sigv4-config.ts'
import type { Labels } from '../model/labels.ts'
import type { RelabelConfig } from '../model/relabel.ts'

/** What the configuration says of where alerts go. */
export interface AlertingConfig {
  /** Given to alerts that have no such labels. */
  readonly externalLabels: Labels
  /** Of all alerts, after that. */
  readonly alertRelabelConfigs: readonly RelabelConfig[]
  readonly alertmanagers: readonly AlertmanagerConfig[]
}

/** One entry of `alertmanagers`, defaults filled in: Alertmanagers that are found and told in the same way. */
export interface AlertmanagerConfig {
  /** In metrics of discovery: `config-0`. */
  readonly name: string
  readonly scheme: string
  readonly pathPrefix: string
  /** Of a request. */
  readonly timeoutMs: number
  readonly http: HttpClientConfig
  readonly sigv4: SigV4Config | undefined
  /** Of the Alertmanagers that are found. */
  readonly relabelConfigs: readonly RelabelConfig[]
  /** Of the alerts that go to these. */
  readonly alertRelabelConfigs: readonly RelabelConfig[]
  readonly discoverers: readonly DiscovererConfig[]
  /** Equal exactly when nothing that matters to what runs differs. */
  readonly fingerprint: string
}
