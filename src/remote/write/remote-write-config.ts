import type { HttpClientConfig, ProxyConfig } from '../../http-client/client-config.ts'
import type { SigV4Config } from '../../http-client/sigv4-config.ts'
import type { AzureAdConfig } from '../cloud-auth/azure-config.ts'
import type { GoogleIamConfig } from '../cloud-auth/google-token.ts'
import type { Relabeling } from './outgoing-series.ts'

/** One `remote_write` entry, defaults filled in. Times in ms. */
export interface RemoteWriteConfig {
  /** In metrics and logs: what the file says, else made of what is configured, as upstream does. */
  readonly name: string
  /**
   * What the place in the log is remembered by: the same as long as it is the same destination, whatever else is configured for it.
   */
  readonly key: string
  readonly url: string
  readonly version: 1 | 2
  readonly remoteTimeoutMs: number
  readonly headers: Readonly<Record<string, string>>
  readonly relabeling: Relabeling
  readonly sendExemplars: boolean
  readonly sendNativeHistograms: boolean
  readonly roundRobinDns: boolean
  readonly http: HttpClientConfig
  readonly sigv4: SigV4Config | undefined
  readonly azureAd: AzureAdConfig | undefined
  readonly googleIam: GoogleIamConfig | undefined
  /** Through which tokens are asked for: that of the environment. */
  readonly tokenProxy: ProxyConfig | undefined
  readonly queue: QueueConfig
  readonly metadata: MetadataConfig
  /** Equal exactly when nothing that matters to what runs differs. */
  readonly fingerprint: string
}

export interface QueueConfig {
  /** Samples that wait, a shard. */
  readonly capacity: number
  readonly minShards: number
  readonly maxShards: number
  readonly maxSamplesPerSend: number
  readonly batchSendDeadlineMs: number
  readonly minBackoffMs: number
  readonly maxBackoffMs: number
  readonly retryOnHttp429: boolean
  /** 0: however old. */
  readonly sampleAgeLimitMs: number
}

/** Of 1.0: metadata of metrics has requests of its own. */
export interface MetadataConfig {
  readonly send: boolean
  readonly sendIntervalMs: number
  readonly maxSamplesPerSend: number
}
